#![allow(clippy::unwrap_used)]
use super::{Assignments, Dockerfile};
use proptest::prelude::*;

fn shown(text: &str) -> Vec<String> {
    let file = Dockerfile::parse(text.as_bytes());
    let shown = |instruction: &super::Instruction| {
        let heredoc = if instruction.heredoc { " (heredoc)" } else { "" };
        let super::Instruction { name, flags, arguments, line, .. } = instruction;
        format!("{line} {name} {flags:?} {arguments:?}{heredoc}")
    };
    file.instructions.iter().map(shown).collect()
}

#[test]
fn instructions_are_read_as_the_builder_reads_them() {
    let text = "# a comment\nfrom  alpine\n\nRUN a && \\\n  # in between\n\n  b\nRUN --mount=\"type=cache,target=/x y\" --network=none c\n\
                COPY [\"a b\", \"/\"]\nONBUILD ADD x /\nRUN <<EOF cat\nFROM no\nEOF\nCOPY <<-'A' <<B /x/\n\tx\n\tA\ny\nB\nCMD [\"<<EOF\"]\nRUN a \\";
    assert_eq!(
        shown(text),
        [
            "2 FROM [] \"alpine\"",
            "4 RUN [] \"a &&   b\"",
            "8 RUN [\"--mount=type=cache,target=/x y\", \"--network=none\"] \"c\"",
            "9 COPY [] \"[\\\"a b\\\", \\\"/\\\"]\"",
            "10 ONBUILD [] \"ADD x /\"",
            "10 ADD [] \"x /\"",
            "11 RUN [] \"<<EOF cat\" (heredoc)",
            "14 COPY [] \"<<-'A' <<B /x/\" (heredoc)",
            "19 CMD [] \"[\\\"<<EOF\\\"]\"",
            "20 RUN [] \"a\"",
        ]
    );
    assert_eq!(shown("# escape=`\nRUN a `\n b\\\nRUN c"), ["2 RUN [] \"a  b\\\\\"", "4 RUN [] \"c\""]);
    for none in ["RUN echo $((1<<2))", "RUN a <<<b", "RUN echo \"<<EOF\"", "RUN [\"a\", \"<<EOF\"]"] {
        assert!(!Dockerfile::parse(none.as_bytes()).instructions[0].heredoc, "{none}");
    }
}

#[test]
fn each_piece_of_an_instruction_is_known_by_its_place() {
    let text = "\u{feff}# escape=`\r\n  RUN  --x a `\r\n # no\r\n  <<E b\r\none\r\nE\r\nONBUILD RUN <<F\ntwo\nF\nRUN <<G\nCMD c\n";
    let file = Dockerfile::parse(text.as_bytes());
    let shown = |instruction: &super::Instruction| {
        let mut pieces = instruction.pieces.iter().peekable();
        let mut shown = format!("{}:", instruction.name);
        while let Some((first, at)) = pieces.next() {
            let end = pieces.peek().map_or(instruction.text.len(), |(next, _)| *next);
            let piece = instruction.text[*first..end].trim_end_matches('\n');
            assert_eq!(&text[*at..at + piece.len()], piece);
            shown.push_str(&format!(" {piece:?}"));
        }
        shown
    };
    let shown: Vec<String> = file.instructions.iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            r#"RUN: "--x a " "  <<E b" "one" "E""#,
            r#"ONBUILD: "RUN <<F" "two" "F""#,
            r#"RUN: "<<F" "two" "F""#,
            // Without an end it is not a here-document.
            r#"RUN: "<<G""#,
            r#"CMD: "c""#,
        ]
    );
    assert!(file.instructions[2].held_back && !file.instructions[1].held_back);
}

#[test]
fn a_syntax_is_found_in_every_form_that_a_builder_looks_for() {
    let syntaxes = |text: &str| {
        let file = Dockerfile::parse(text.as_bytes());
        file.syntaxes().map(|(syntax, line)| format!("{syntax} {line}")).collect::<Vec<_>>()
    };
    assert_eq!(syntaxes("# syntax=docker/dockerfile:1\nFROM x"), ["docker/dockerfile:1 1"]);
    assert_eq!(syntaxes("\u{feff}#SYNTAX = evil --flag\n"), ["evil 1"]);
    assert_eq!(syntaxes("#!/usr/bin/x\n# escape=`\n  #syntax=evil\n"), ["evil 3"]);
    assert_eq!(syntaxes("// syntax=evil\nFROM x"), ["evil 1"]);
    assert_eq!(syntaxes("{\n\"syntax\": \"evil\"}"), ["evil 1"]);
    assert_eq!(syntaxes("\u{feff}#!/x\n\n {\"syntax\": \"evil\"}"), ["evil 3"]);
    assert_eq!(syntaxes("{\"syntax\": \"good\", \"syntax\": \"evil\"}"), ["evil 1"]);
    // Other readers of JSON take what ours refuses.
    assert_eq!(syntaxes("{\"x\": \"\\ud800\", \"syntax\": \"evil\"}"), ["{ 1"]);
    assert_eq!(syntaxes("#!/x\n{ FROM x"), ["{ 2"]);
    assert_eq!(syntaxes("# syntax=a\n# syntax=b\n"), ["a 1", "b 2"]);
    // Directives end with the first line that is none.
    for none in
        ["# a comment\n# syntax=evil", "\n# syntax=evil", "FROM x\n# syntax=evil", "# syntax=", "{\"a\": \"b\"}"]
    {
        assert_eq!(syntaxes(none), Vec::<String>::new(), "{none}");
    }
}

#[test]
fn images_are_those_that_are_no_stages() {
    let text = "FROM --platform=$BUILDPLATFORM a:1 AS Build\nFROM build AS two\nCOPY --from=0 x x\nCOPY --from=c@sha256:1 x x\n\
                RUN --mount=type=bind,from=d,target=/d x\nFROM scratch\nCOPY --from=two x x\n";
    let file = Dockerfile::parse(text.as_bytes());
    let images: Vec<String> = file.images().into_iter().map(|(_, image)| image).collect();
    assert_eq!(images, ["a:1", "c@sha256:1", "d"]);
    assert_eq!(file.stages(), ["build", "two"]);
}

#[test]
fn platform_arguments_are_found_where_they_are_used() {
    let used = |text: &str| Dockerfile::parse(text.as_bytes()).instructions[0].platform_argument();
    assert_eq!(used("ARG TARGETARCH"), Some("TARGETARCH"));
    assert_eq!(used("ARG A TARGETOS=linux"), Some("TARGETOS"));
    assert_eq!(used("FROM --platform=${BUILDPLATFORM} x"), Some("BUILDPLATFORM"));
    assert_eq!(used("RUN echo ${TARGETARCH:-x}"), Some("TARGETARCH"));
    for none in ["RUN echo $TARGETARCH_X TARGETARCH", "ARG XTARGETARCH", "ENV TARGETARCH=x"] {
        assert_eq!(used(none), None, "{none}");
    }
}

#[test]
fn what_a_variable_may_hold_is_known_or_anything() {
    let file = Dockerfile::parse(b"ARG JAR=target/*.jar\nARG H=http\nENV U http://x\nARG N=$H\nARG EMPTY");
    let may = |word: &str| Assignments::of(&file, [("GIVEN", "a:b"), ("TAME", "a")]).may_contain(word, ':');
    for tame in ["$JAR", "${JAR}", "a${H}b$TAME", "plain"] {
        assert!(!may(tame), "{tame}");
    }
    for wild in ["$U", "${H}://x", "$UNKNOWN", "$EMPTY", "${H:-x}", "$N", "$GIVEN", "a:b", "$", "${", "${JAR"] {
        assert!(may(wild), "{wild}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[#A-Z \\\\\"'<\\n\\[\\]{}$=-]{0,120}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let file = Dockerfile::parse(bytes);
            let _ = (file.images(), file.stages(), file.syntaxes().count());
            let assignments = Assignments::of(&file, []);
            for instruction in &file.instructions {
                let _ = (instruction.words(), instruction.platform_argument());
                let _ = assignments.may_contain(&instruction.arguments, ':');
            }
        }
    }
}
