//! Version 2 of Git's protocol, as bytes in and bytes out: what a server can do, what is asked, what it answers.

use super::ObjectId;
use crate::git::packet::{Packet, Packets, line};
use crate::ids::CommitSha;
use crate::text::cut;

/// What the server is asked to leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    None,
    /// Files of more bytes than this.
    FilesOver(u64),
    Files,
    /// All files, and folders that are this deep: 0 leaves commits only, 1 the folder at the top.
    Trees(u32),
}

impl Filter {
    /// As the protocol spells it.
    fn spec(self) -> Option<String> {
        match self {
            Self::None => None,
            // The protocol's limit is the first length that is left out.
            Self::FilesOver(limit) => Some(format!("blob:limit={}", limit.saturating_add(1))),
            Self::Files => Some("blob:none".to_owned()),
            Self::Trees(0) => Some("tree:0".to_owned()),
            // Alone, it would let files that are less deep come.
            Self::Trees(depth) => Some(format!("combine:blob:none+tree:{depth}")),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Which objects: commits, or also files and folders, which a server hands out without their commit.
    pub(super) wants: &'a [ObjectId],
    /// What is here: of history, only what is not reached from these comes.
    pub(super) haves: &'a [ObjectId],
    /// With how many generations of history, themselves included; none for all.
    pub(super) depth: Option<u32>,
    /// Without what.
    pub(super) filter: Filter,
    /// What to do if the server cannot leave that out.
    pub(super) otherwise: Otherwise,
}

/// What to do if a server cannot leave out what it is asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    More,
    /// Do without.
    Nothing,
}

/// What a server can do, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Abilities {
    /// How it names objects; none if it does not say, as servers before Git 2.28 do not, who know but one way.
    pub(super) object_format: Option<String>,
    /// Whether it can leave things out.
    pub(super) filter: bool,
    /// Whether it can cut history off.
    pub(super) shallow: bool,
}

/// What the first answer is, if it is none of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greeting {
    /// A server of an older version.
    Old,
    /// No Git server.
    NotGit(&'static str),
}

/// Reads what a server says it can do.
pub(super) fn abilities(body: &[u8]) -> Result<Abilities, Greeting> {
    let mut packets = Packets::default();
    packets.push(body);
    let mut lines = Vec::new();
    while let Some(packet) = packets.take().map_err(Greeting::NotGit)? {
        match packet {
            Packet::Data(data) => lines.push(String::from_utf8_lossy(&data).trim_end_matches('\n').to_owned()),
            // Behind the service's name, and at the end.
            Packet::Flush | Packet::Delimiter => {}
        }
    }
    let named = lines.first().is_some_and(|line| line == "# service=git-upload-pack");
    let mut rest = lines.iter().skip(usize::from(named));
    match rest.next() {
        Some(first) if first == "version 2" => {}
        Some(_) if named => return Err(Greeting::Old),
        Some(first) if first == "version 1" => return Err(Greeting::Old),
        _ => return Err(Greeting::NotGit("its first words are others")),
    }
    let mut found = Abilities { object_format: None, filter: false, shallow: false };
    let mut fetches = false;
    for line in rest {
        match line.split_once('=').unwrap_or((line, "")) {
            ("fetch", words) => {
                fetches = true;
                found.filter = words.split(' ').any(|word| word == "filter");
                found.shallow = words.split(' ').any(|word| word == "shallow");
            }
            ("object-format", format) => found.object_format = Some(cut(format, 20).into_owned()),
            _ => {}
        }
    }
    if fetches { Ok(found) } else { Err(Greeting::NotGit("it does not let fetch")) }
}

/// The body that asks for objects, without what this filter says. A server refuses abilities that it has not named.
pub(super) fn question(abilities: &Abilities, ask: &Ask<'_>, filter: Filter) -> String {
    let mut body = line("command=fetch");
    if let Some(format) = &abilities.object_format {
        body.push_str(&line(&format!("object-format={format}")));
    }
    body.push_str("0001");
    // Without `thin-pack` no object may be a difference to one that is not sent along.
    for word in ["no-progress", "ofs-delta"] {
        body.push_str(&line(word));
    }
    if let Some(depth) = ask.depth {
        body.push_str(&line(&format!("deepen {depth}")));
    }
    if let Some(spec) = filter.spec() {
        body.push_str(&line(&format!("filter {spec}")));
    }
    for id in ask.wants {
        body.push_str(&line(&format!("want {id}")));
    }
    for id in ask.haves {
        body.push_str(&line(&format!("have {id}")));
    }
    body.push_str(&line("done"));
    body.push_str("0000");
    body
}

/// Why an answer ends without a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    Refused(String),
    /// It does not keep to the protocol.
    NotGit(&'static str),
}

/// Takes the pack out of an answer that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Answer {
    packets: Packets,
    section: Section,
    /// Commits whose parents were cut off.
    pub(super) shallow: Vec<CommitSha>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Section {
    #[default]
    Start,
    Shallow,
    /// One whose lines do not matter.
    Other,
    Pack,
    End,
}

/// The most commits whose parents may be said to be cut off.
const MAX_SHALLOW: usize = 200_000;

impl Answer {
    /// Takes bytes in, and gives those of the pack that are among them.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Wrong> {
        self.packets.push(bytes);
        let mut pack = Vec::new();
        while let Some(packet) = self.packets.take().map_err(Wrong::NotGit)? {
            match (self.section, packet) {
                (Section::End, _) => return Err(Wrong::NotGit("something follows its answer")),
                (Section::Pack, Packet::Data(data)) => match data.split_first() {
                    Some((1, data)) => pack.extend_from_slice(data),
                    Some((2, _)) => {}
                    Some((3, words)) => return Err(Wrong::Refused(said(words))),
                    _ => return Err(Wrong::NotGit("a packet of no channel")),
                },
                (Section::Pack, Packet::Flush) => self.section = Section::End,
                (_, Packet::Flush) => return Err(Wrong::NotGit("its answer ends before the objects")),
                (Section::Shallow | Section::Other, Packet::Delimiter) => self.section = Section::Start,
                (_, Packet::Delimiter) => return Err(Wrong::NotGit("a section ends where none is")),
                (section, Packet::Data(data)) => self.line(section, &data)?,
            }
        }
        Ok(pack)
    }

    fn line(&mut self, section: Section, data: &[u8]) -> Result<(), Wrong> {
        let text = String::from_utf8_lossy(data);
        let text = text.trim_end_matches('\n');
        if let Some(words) = text.strip_prefix("ERR ") {
            return Err(Wrong::Refused(said(words.as_bytes())));
        }
        match (section, text) {
            (Section::Start, "packfile") => self.section = Section::Pack,
            (Section::Start, "shallow-info") => self.section = Section::Shallow,
            (Section::Start, "acknowledgments" | "wanted-refs") => self.section = Section::Other,
            (Section::Start, _) => return Err(Wrong::NotGit("a section of its answer is unknown")),
            (Section::Shallow, text) => {
                if let Some(commit) = text.strip_prefix("shallow ").and_then(|id| CommitSha::parse(id).ok()) {
                    if self.shallow.len() >= MAX_SHALLOW {
                        return Err(Wrong::NotGit("its history is cut off in too many places"));
                    }
                    self.shallow.push(commit);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the answer is whole.
    pub(super) fn ended(&self) -> bool {
        self.section == Section::End && self.packets.is_empty()
    }
}

/// A server's words: one line of at most 200 characters.
fn said(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    cut(text.trim().split(['\n', '\r']).next().unwrap_or_default(), 200).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Abilities, Answer, Ask, Filter, Greeting, ObjectId, Otherwise, Wrong, abilities, line, question};
    use crate::ids::CommitSha;
    use proptest::prelude::*;

    #[test]
    fn a_server_says_what_it_can_do() {
        let body =
            ["version 2\n", "agent=x\n", "ls-refs\n", "fetch=shallow wait-for-done filter\n", "object-format=sha1\n"];
        let body = body.map(line).concat() + "0000";
        let found = abilities(body.as_bytes()).unwrap();
        assert_eq!((found.filter, found.shallow, found.object_format.as_deref()), (true, true, Some("sha1")));
        let named = line("# service=git-upload-pack\n") + "0000" + &body;
        assert_eq!(abilities(named.as_bytes()), Ok(found));
    }

    #[test]
    fn other_greetings_are_told_apart() {
        let old = line("# service=git-upload-pack\n") + "0000" + &line(&format!("{} HEAD\0x\n", "1".repeat(40)));
        assert_eq!(abilities(old.as_bytes()), Err(Greeting::Old));
        for other in ["", "<html>", "0000", &line("hello"), &line("version 2\n")] {
            assert!(matches!(abilities(other.as_bytes()), Err(Greeting::NotGit(_))), "{other}");
        }
    }

    #[test]
    fn a_question_is_lines() {
        let id = |digit: &str| ObjectId::from(&CommitSha::parse(&digit.repeat(40)).unwrap());
        let mut server = Abilities { object_format: Some("sha1".into()), filter: true, shallow: true };
        let filter = Filter::FilesOver(5);
        let mut ask = Ask { wants: &[id("a")], haves: &[], depth: Some(1), filter, otherwise: Otherwise::More };
        insta::assert_snapshot!(question(&server, &ask, filter), @"0011command=fetch0016object-format=sha10001000fno-progress000dofs-delta000cdeepen 10017filter blob:limit=60031want aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0008done0000");
        server.object_format = None;
        ask.depth = None;
        insta::assert_snapshot!(question(&server, &ask, Filter::Trees(0)), @"0011command=fetch0001000fno-progress000dofs-delta0011filter tree:00031want aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0008done0000");
        let haves = [id("b")];
        ask.haves = &haves;
        insta::assert_snapshot!(question(&server, &ask, Filter::Trees(2)), @"0011command=fetch0001000fno-progress000dofs-delta0023filter combine:blob:none+tree:20031want aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0031have bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0008done0000");
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_are_refused(parts in prop::collection::vec(prop_oneof![
            Just(line("packfile\n").into_bytes()),
            Just(line("shallow-info\n").into_bytes()),
            Just(b"0000".to_vec()),
            Just(b"0001".to_vec()),
            "[\u{1}-\u{4}]?[ -~]{0,20}".prop_map(|text| line(&text).into_bytes()),
            prop::collection::vec(any::<u8>(), 0..20),
        ], 0..12)) {
            let bytes = parts.concat();
            let _ = abilities(&bytes);
            let mut whole = Answer::default();
            let at_once = whole.push(&bytes);
            let at_once_is_whole = at_once.is_ok();
            let mut answer = Answer::default();
            let one_by_one: Result<Vec<_>, _> = bytes.iter().map(|byte| answer.push(&[*byte])).collect();
            prop_assert_eq!(at_once, one_by_one.map(|parts| parts.concat()));
            if at_once_is_whole {
                prop_assert_eq!(whole.ended(), answer.ended());
            }
        }
    }

    #[test]
    fn an_answer_is_a_pack_in_packets() {
        let id = "b".repeat(40);
        let text = line("shallow-info\n") + &line(&format!("shallow {id}\n")) + "0001" + &line("packfile\n");
        let text = text + &line("\u{2}counting") + &line("\u{1}PA") + &line("\u{1}CK") + "0000";
        for size in [1, 3, 7, text.len()] {
            let mut answer = Answer::default();
            let parts: Vec<_> = text.as_bytes().chunks(size).map(|part| answer.push(part).unwrap()).collect();
            assert_eq!(parts.concat(), b"PACK");
            assert_eq!(answer.shallow[0].as_str(), id);
            assert!(answer.ended());
        }
    }

    #[test]
    fn a_server_may_say_no_and_must_keep_to_the_protocol() {
        let no = line("ERR upload-pack: not our ref x\nmore\n");
        assert_eq!(Answer::default().push(no.as_bytes()), Err(Wrong::Refused("upload-pack: not our ref x".into())));
        let late = line("packfile\n") + &line("\u{3}out of memory");
        assert_eq!(Answer::default().push(late.as_bytes()), Err(Wrong::Refused("out of memory".into())));
        for wrong in
            ["0000", "0001", &line("hello"), &(line("packfile\n") + &line("\u{4}")), &(line("packfile\n") + "00000000")]
        {
            assert!(matches!(Answer::default().push(wrong.as_bytes()), Err(Wrong::NotGit(_))), "{wrong}");
        }
        let mut cut = Answer::default();
        cut.push((line("packfile\n") + &line("\u{1}PACK")).as_bytes()).unwrap();
        assert!(!cut.ended());
    }
}
