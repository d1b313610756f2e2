//! Which texts yaml.v3 takes for a time. Its four layouts go through Go's `time.Parse`, whose leniencies are kept here: one
//! or two digits nearly everywhere, a comma before fractions, offsets up to 24:60.

/// Whether a plain text is a date or a time to yaml.v3.
pub(super) fn is_timestamp(text: &str) -> bool {
    let mut rest = Reader(text.as_bytes());
    date(&mut rest).is_some() && (rest.0.is_empty() || rest.time_of_day().is_some_and(|end| end.0.is_empty()))
}

fn date(rest: &mut Reader<'_>) -> Option<()> {
    let year = rest.exactly(4)?;
    rest.byte(b'-')?;
    let month = rest.one_or_two()?;
    rest.byte(b'-')?;
    let day = rest.one_or_two()?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(())
}

#[derive(Clone, Copy)]
struct Reader<'t>(&'t [u8]);

impl<'t> Reader<'t> {
    /// What is left after a time of day.
    fn time_of_day(mut self) -> Option<Reader<'t>> {
        let zoned = match self.0.first()? {
            b'T' | b't' => {
                self.0 = self.0.get(1..)?;
                true
            }
            b' ' => {
                // Go matches one space of a layout with any number of them.
                let spaces = self.0.iter().take_while(|byte| **byte == b' ').count();
                self.0 = self.0.get(spaces..)?;
                false
            }
            _ => return None,
        };
        let hour = self.one_or_two()?;
        self.byte(b':')?;
        let minute = self.one_or_two()?;
        self.byte(b':')?;
        let second = self.one_or_two()?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        if let [b'.' | b',', b'0'..=b'9', ..] = self.0 {
            let digits = self.0.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
            self.0 = self.0.get(1 + digits..)?;
        }
        if zoned {
            self.zone()?;
        }
        Some(self)
    }

    fn zone(&mut self) -> Option<()> {
        if self.byte(b'Z').is_some() {
            return Some(());
        }
        self.byte(b'+').or_else(|| self.byte(b'-'))?;
        let hours = self.exactly(2)?;
        self.byte(b':')?;
        let minutes = self.exactly(2)?;
        (hours <= 24 && minutes <= 60).then_some(())
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == expected).then(|| self.0 = rest)
    }

    fn digit(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first()?;
        first.is_ascii_digit().then(|| {
            self.0 = rest;
            u32::from(first - b'0')
        })
    }

    fn exactly(&mut self, digits: usize) -> Option<u32> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    fn one_or_two(&mut self) -> Option<u32> {
        let first = self.digit()?;
        Some(self.digit().map_or(first, |second| first * 10 + second))
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn times_are_what_go_parses() {
        for text in [
            "2024-01-02",
            "2024-1-2",
            "2024-02-29",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43,1",
            "2001-12-14T1:2:3Z",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2023-02-29",
            "2024-00-01",
            "2024-13-01",
            "24-01-02",
            "20240-01-02",
            "2024-01-02T",
            "2024-01-02 24:00:00",
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14T21:59:43",
            "2024-01-02x",
            "2024-01-02 01:02:03Z",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
