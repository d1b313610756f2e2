//! `[pins]`: how pins move.

use super::duration;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Pins {
    /// How long a commit must have been known before a pin moves to it; without one it may at once.
    #[serde(deserialize_with = "span")]
    pub(crate) cooldown: Option<Duration>,
    /// Pull requests that one run opens at most; without one as many as there are to open.
    pub(crate) max_new_prs: Option<usize>,
    /// What holds for one entry, by folder name.
    pub(crate) entries: BTreeMap<String, PinnedEntry>,
}

/// How the pin of one entry moves.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PinnedEntry {
    /// Never.
    pub(crate) off: bool,
    /// Not more often than this.
    #[serde(deserialize_with = "span")]
    pub(crate) every: Option<Duration>,
    /// Why. An entry that is off needs one.
    pub(crate) reason: String,
}

/// A span of time, `"24h"`.
fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration::with_unit(&text)
        .map(Some)
        .map_err(|error| D::Error::custom(format!("`{text}` is not a span of time: {error}")))
}

impl Pins {
    /// The longest cooldown: state is not kept for longer.
    pub(crate) const MAX_COOLDOWN: Duration = Duration::from_secs(30 * 86_400);

    /// Refuses values that have the right type and can never mean anything.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.cooldown.is_some_and(|cooldown| cooldown > Self::MAX_COOLDOWN) {
            return Err("`pins.cooldown` is longer than 30d, and no longer is remembered what was seen".into());
        }
        for (name, entry) in &self.entries {
            let key = format!("`pins.entries.{name}`");
            match (entry.off, entry.every) {
                (true, Some(_)) => {
                    return Err(format!("{key}: it is `off`, so that `every` means nothing: remove one"));
                }
                (false, None) => return Err(format!("{key} decides nothing: set `off = true` or `every = \"7d\"`")),
                (true, None) if entry.reason.trim().is_empty() => {
                    return Err(format!("{key} has no reason: say in `reason` why its pin is never to move"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::policy::Policy;
    use std::time::Duration;

    #[test]
    fn how_pins_move_is_read() {
        let text = "[pins]\ncooldown = \"24h\"\nmax-new-prs = 30\n[pins.entries.weather]\noff = true\nreason = \"we fork it\"\n\
                    [pins.entries.curl]\nevery = \"7d\"\n";
        let pins = Policy::parse(text).unwrap().settings.pins;
        assert_eq!((pins.cooldown, pins.max_new_prs), (Some(Duration::from_secs(86_400)), Some(30)));
        assert!(pins.entries["weather"].off);
        assert_eq!(pins.entries["curl"].every, Some(Duration::from_secs(7 * 86_400)));
        let none = Policy::parse("").unwrap().settings.pins;
        assert_eq!((none.cooldown, none.max_new_prs, none.entries.len()), (None, None, 0));
    }

    #[test]
    fn what_can_never_mean_anything_is_refused() {
        let said: Vec<String> = [
            "[pins]\ncooldown = \"soon\"\n",
            "[pins]\ncooldown = \"24\"\n",
            "[pins]\ncooldown = 24\n",
            "[pins]\ncooldown = \"31d\"\n",
            "[pins]\nmax-new-prs = -1\n",
            "[pins.entries.weather]\noff = true\n",
            "[pins.entries.weather]\noff = true\nevery = \"7d\"\nreason = \"r\"\n",
            "[pins.entries.weather]\nreason = \"r\"\n",
            "[pins.entries.weather]\nof = true\n",
        ]
        .iter()
        .map(|text| Policy::parse(text).unwrap_err().message)
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        `soon` is not a span of time: write it as 90s, 30m, 2h or 1d
        `24` is not a span of time: write it with its unit: 30m, 24h or 7d
        invalid type: integer `24`, expected a string
        `pins.cooldown` is longer than 30d, and no longer is remembered what was seen
        invalid value: integer `-1`, expected usize
        `pins.entries.weather` has no reason: say in `reason` why its pin is never to move
        `pins.entries.weather`: it is `off`, so that `every` means nothing: remove one
        `pins.entries.weather` decides nothing: set `off = true` or `every = "7d"`
        unknown field `of`, expected one of `off`, `every`, `reason`
        "#);
    }
}
