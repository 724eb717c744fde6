"""What agent programs call at their lifecycle events.

`entry` is what they start: small, and quick to import. It hands the event to the session's `companion`, a process that
keeps the session alive and connected for as long as the agent program lives, and prints what the companion answers.
"""
