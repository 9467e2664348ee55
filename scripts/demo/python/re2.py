"""RE2's name: it matches regular expressions of a lexicon, and the page has no lexicon."""
