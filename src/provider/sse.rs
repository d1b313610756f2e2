//! Server-sent events, taken apart as they arrive (WHATWG HTML, section 9.2), with a bound on what is kept of an event that
//! does not end.

/// The most bytes of one event. A provider's last event repeats the whole answer, and that has some hundred thousand tokens
/// at the most.
pub(crate) const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its `event:`, if it has one.
    pub(crate) name: Option<String>,
    /// Its `data:` lines, joined by line feeds. Bytes that are not UTF-8 are replaced.
    pub(crate) data: String,
}

/// An event has more bytes than are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream has more than {0} bytes")]
pub(crate) struct EventTooLarge(pub(crate) usize);

/// Takes a stream apart. A last event that is not ended by an empty line is no event.
#[derive(Debug)]
pub(crate) struct Decoder {
    limit: usize,
    line: Vec<u8>,
    name: Option<Vec<u8>>,
    data: Option<Vec<u8>>,
    after_return: bool,
    started: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(MAX_EVENT_BYTES)
    }
}

impl Decoder {
    /// A decoder that keeps at most `limit` bytes of an event.
    #[must_use]
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), name: None, data: None, after_return: false, started: false }
    }

    /// The events that `bytes` complete, in order.
    ///
    /// # Errors
    /// When an event is too large. The decoder is of no use then.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Event>, EventTooLarge> {
        let mut complete = Vec::new();
        while let Some(&first) = bytes.first() {
            // A line ends with CR, LF, or both; the two may come apart.
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.keep(bytes)?;
                break;
            };
            self.keep(&bytes[..end])?;
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            complete.extend(self.end_line());
        }
        Ok(complete)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        let kept = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
        if self.line.len() + kept(&self.data) + kept(&self.name) + bytes.len() > self.limit {
            return Err(EventTooLarge(self.limit));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Option<Event> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.started, true) && line.starts_with("\u{feff}".as_bytes()) {
            line.drain(..3);
        }
        if line.is_empty() {
            let (name, data) = (self.name.take(), self.data.take());
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            return data.map(|data| Event { name: name.map(text), data: text(data) });
        }
        let (field, value) = match line.iter().position(|&byte| byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (&line[..], &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            b"event" => self.name = Some(value.to_vec()),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Decoder, Event, EventTooLarge};

    fn event(name: Option<&str>, data: &str) -> Event {
        Event { name: name.map(str::to_owned), data: data.to_owned() }
    }

    const STREAM: &str = "\u{feff}event: a\ndata: 1\n\n: a comment\r\ndata:2\r\ndata\r\ndata:  3\r\n\r\nid: 9\rdata: é\r\r\
                          event: none\n\ndata: cut";

    fn expected() -> Vec<Event> {
        vec![event(Some("a"), "1"), event(None, "2\n\n 3"), event(None, "é")]
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let whole = Decoder::default().push(STREAM.as_bytes()).unwrap();
        assert_eq!(whole, expected());
        for size in 1..STREAM.len() {
            let mut decoder = Decoder::default();
            let events: Vec<Event> =
                STREAM.as_bytes().chunks(size).flat_map(|chunk| decoder.push(chunk).unwrap()).collect();
            assert_eq!(events, expected(), "{size}");
        }
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut decoder = Decoder::new(100);
        assert_eq!(decoder.push(&[b'x'; 101]), Err(EventTooLarge(100)));
        let mut decoder = Decoder::new(100);
        let result = (0..100).try_for_each(|_| decoder.push(b"data: x\n").map(drop));
        assert_eq!(result, Err(EventTooLarge(100)));
        let mut decoder = Decoder::new(100);
        (0..1000).for_each(|_| assert_eq!(decoder.push(b"data: x\n\n").unwrap().len(), 1));
    }
}
