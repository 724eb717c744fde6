"""What the resources look like in JSON, one file for each noun."""
