"""Settings read once and handed down, the five families of refusal, and logging."""
