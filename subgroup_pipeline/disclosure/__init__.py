"""What may leave the building: which counts are hidden, why, and the releases that show the rest."""
