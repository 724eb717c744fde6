"""What everything that draws on a terminal shares: the marks, the words, the colours."""
