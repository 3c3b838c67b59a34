"""Everything that reads characters: folding, analysis, sentences, languages, hygiene, masking."""
