"""The numbered checks of `holdfast db verify`, one file per kind."""
