"""Telling people that they are asked, by the services that Apprise knows: Slack, mail, desktop, and many more."""

from holdfast.notifications.channels import Channel, channels_of
from holdfast.notifications.sender import Sender
from holdfast.notifications.sending import send

__all__ = ["Channel", "Sender", "channels_of", "send"]
