"""Rules: conditions, their evaluation on a day, and the answers. Knows cases and dated rules; knows no XML."""
