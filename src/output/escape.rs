//! Escaping for each sink.

/// For a terminal.
#[must_use]
pub fn terminal(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}
