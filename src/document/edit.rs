//! Comment-keeping edits of a text, by the spans of its tree.
