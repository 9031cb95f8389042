"""Which districts a run builds, and which of them it holds back."""
