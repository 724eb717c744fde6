"""What Holdfast tells others of itself, and what it hears from agent programs: metrics, spans, OTLP."""
