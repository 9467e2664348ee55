"""The pinyin tables of the front end, made from published dictionaries."""
