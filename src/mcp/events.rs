//! Server-sent events, taken apart as they arrive (WHATWG HTML, section 9.2). Only `data` matters here.

/// A stream of events. Its memory is bounded by what is fed to it, which the fetcher counts.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_return: bool,
}

impl Events {
    /// The data of the events that `bytes` complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut complete = Vec::new();
        for &byte in bytes {
            // A line ends with CR, LF, or both.
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => complete.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        complete
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.data.take();
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[][..],
            Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
            _ => return None,
        };
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            None => self.data = Some(value.to_vec()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Events;

    fn all(chunks: &[&str]) -> Vec<String> {
        let mut events = Events::default();
        let data = chunks.iter().flat_map(|chunk| events.take(chunk.as_bytes()));
        data.map(|data| String::from_utf8_lossy(&data).into_owned()).collect()
    }

    #[test]
    fn events_are_found_however_they_are_cut() {
        assert_eq!(all(&["event: message\ndata: {\"a\":1}\n\n"]), ["{\"a\":1}"]);
        assert_eq!(all(&["da", "ta: x\r", "\n\r", "\ndata:y\r\r"]), ["x", "y"]);
        assert_eq!(all(&["data: a\ndata: b\n\n: comment\nid: 7\n\ndata\n\n"]), ["a\nb", ""]);
        assert_eq!(all(&["data: never ended\n"]), Vec::<String>::new());
        assert_eq!(all(&["database: x\n\n"]), Vec::<String>::new());
    }
}
