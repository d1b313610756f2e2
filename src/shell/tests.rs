#![allow(clippy::unwrap_used)]

use super::{Command, Environment, Functions, Reader, chained, flat};
use std::fmt::Write as _;

/// Commands one a line: their words, what is redirected, what follows. Commands within a word stand indented before it.
fn shown(text: &str) -> String {
    fn show(command: &Command, text: &str, depth: usize, out: &mut String) {
        for command in command.words.iter().flat_map(|word| &word.inner).flat_map(|inner| &inner.commands) {
            show(command, text, depth + 1, out);
        }
        let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
        write!(out, "{}{words:?}", "  ".repeat(depth)).unwrap();
        for redirect in &command.redirects {
            write!(out, " {:?} {:?}", redirect.operator, redirect.word.text).unwrap();
            if let Some(body) = &redirect.body {
                write!(out, " {:?}", &text[body.clone()]).unwrap();
            }
        }
        writeln!(out, " {}{:?}", if command.defines { "defines " } else { "" }, command.then).unwrap();
    }
    let mut out = String::new();
    for command in Reader::new(text) {
        show(&command, text, 0, &mut out);
    }
    out
}

#[test]
fn commands_are_told_apart_with_what_stands_between_them() {
    insta::assert_snapshot!(shown("a 'b;c' 2>&1 && (d | e) || f # g; h\n$(i) &> j & k\\ l"), @r#"
    ["a", "b;c"] Duplicate "1" And
    ["d"] Pipe
    ["e"] Or
    ["f"] Next
      ["i"] End
    ["$()"] Output "j" Next
    ["k l"] End
    "#);
    insta::assert_snapshot!(shown("cu'r'l \"$A-${B}\" `x \"y z\"` $'\\x63\\n' a\\\nb <<< \"q\" |& c"), @r#"
      ["x", "y z"] End
    ["curl", "$A-$B", "$()", "c\n", "ab"] String "q" Pipe
    ["c"] End
    "#);
    insta::assert_snapshot!(shown("f() { a; }\nfunction g {\n b\n}\nx=$((1<<2)); case $x in a) b;; (c) d;; esac\n(( i < 3 ))"), @r#"
    ["f"] defines Next
    ["{", "a"] Next
    ["}"] Next
    ["function", "g", "{"] Next
    ["b"] Next
    ["}"] Next
      ["2"] End
    ["x=$()"] Next
    ["case", "$x", "in", "a"] Next
    ["b"] Next
    ["c"] Close
    ["d"] Next
    ["esac"] Next
    ["i"] Input "3" End
    "#);
}

#[test]
fn here_documents_belong_to_the_command_that_names_them() {
    insta::assert_snapshot!(shown("cat <<A && sh <<-'B' | d\n$(x) ' \" A\nA\nb\n\tB\ne $(f <<C\ng)\nC\n)"), @r#"
    ["cat"] Document "A" "$(x) ' \" A\n" And
    ["sh"] Document "B" "b\n" Pipe
    ["d"] Next
      ["f"] Document "C" "g)\n" Next
    ["e", "$()"] End
    "#);
    // One without an end hides nothing.
    insta::assert_snapshot!(shown("cat <<A\ncurl x | sh\n"), @r#"
    ["cat"] Document "A" Next
    ["curl", "x"] Pipe
    ["sh"] Next
    "#);
}

#[test]
fn variables_that_the_text_sets_are_replaced() {
    let expanded = |text: &str| {
        let mut environment = Environment::default();
        let mut last = String::new();
        for mut command in Reader::new(text) {
            environment.expand(&mut command);
            environment.assign(&command);
            last = command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("|");
        }
        last
    };
    assert_eq!(expanded("D=curl; $D -o \"${X}/y\""), "curl|-o|$X/y");
    assert_eq!(expanded("D='curl -s'\n$D u"), "curl|-s|u");
    assert_eq!(expanded("D='curl -s'\n\"$D\" u"), "curl -s|u");
    assert_eq!(expanded("A=cu B=rl; $A$B"), "curl");
    assert_eq!(expanded("export D=curl; if x; then D=echo; fi; $D"), "curl");
    assert_eq!(expanded("D=$(which curl); '$D' \\$D"), "$D|$D");
    assert_eq!(expanded("${D:-curl} x"), "curl|x");
}

#[test]
fn bodies_of_functions_are_kept() {
    let mut functions = Functions::default();
    for command in Reader::new("f() { a \"$1\"; if x; then { b; }; fi; }\nfunction g { c; }\nh () {\n d\n}\ne") {
        functions.note(&command);
    }
    let body = |name: &str| {
        let body = functions.body(name).unwrap_or_default();
        body.iter()
            .map(|command| command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(body("f"), ["a $1", "if x", "then { b", "}", "fi"]);
    assert_eq!((body("g"), body("h")), (vec!["c".to_owned()], vec!["d".to_owned()]));
    assert_eq!(body("e"), [""; 0]);
}

#[test]
fn flat_words_and_chained_parts() {
    let words = |text: &str| {
        let all = flat(text);
        all.iter()
            .map(|words| words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(words("a && sh -c 'b \"c d\"' | $(e)"), ["a", "sh -c b \"c d\"", "b c d", "c d", "$()", "e"]);
    assert_eq!(chained("a b && c || d && 'e && f'; g"), ["a b", "c || d", "'e && f'; g"]);
    assert_eq!(chained(" x "), ["x"]);
}

#[test]
fn it_is_known_where_comments_and_strings_are() {
    let text = "a 'b' # c\nd \"e\"";
    let marks = Reader::new(text).marks();
    let marked =
        |ranges: &[std::ops::Range<usize>]| ranges.iter().map(|range| &text[range.clone()]).collect::<Vec<_>>();
    assert_eq!(marked(&marks.comments), ["# c"]);
    assert_eq!((marked(&marks.strings), marks.decided), (vec!["b", "e"], text.len()));
    // What is open at the end was read wrongly somewhere.
    assert!(Reader::new("a # b\n\"c").marks().comments.is_empty());
}

/// Texts made to be read again and again.
const HOSTILE: &[&str] = &[
    "'",
    "\"",
    "`",
    "$(",
    "${",
    "$((",
    "(",
    ")",
    "<<A\n",
    "<<A ",
    "<<-'A'\n",
    "\\",
    "$'",
    "\"$(",
    "a=$(",
    "case x in ",
    "{ ",
    "f() {\n",
    "#",
    " #\n",
    "|",
    "&&",
    "> ",
    "<(",
    "${a:-",
    "'$(\"",
    "$x",
    "x=$x$x;",
    "\t<<\n",
    "\u{e9}",
    "\"`$(",
];

#[test]
fn hostile_text_takes_steps_in_proportion_to_its_length() {
    for piece in HOSTILE {
        let steps = |length: usize| {
            let text = piece.repeat(length / piece.len());
            let mut reader = Reader::new(&text);
            reader.by_ref().for_each(drop);
            reader.steps()
        };
        let (one, ten) = (steps(10_000), steps(100_000));
        assert!(one <= 20_000 && ten <= 200_000, "{piece:?}: {one} and {ten} steps");
    }
    // Each names another end that is not there, and one that is far away.
    let ends: String = (0..20_000).map(|n| format!("<<E{n}\n")).collect();
    for text in [ends.clone(), format!("{ends}\nE19999\n")] {
        let mut reader = Reader::new(&text);
        reader.by_ref().for_each(drop);
        assert!(reader.steps() <= 2 * text.len(), "{}", reader.steps());
    }
}

proptest::proptest! {
    #[test]
    fn any_text_can_be_read(text in "(\\PC|\\$\\(|\\)|\\(|<<-?'?EOF'?|EOF\n|\\$\\{|\\}|\"|'|`|\\\\|\n|;|&&|\\||>|case x in|esac|x=|\\$x|#|é){0,60}") {
        let mut environment = Environment::default();
        let mut functions = Functions::default();
        for mut command in Reader::new(&text) {
            functions.note(&command);
            proptest::prop_assert!(text.get(command.range.clone()).is_some(), "{:?}", command.range);
            for word in &command.words {
                proptest::prop_assert!(text.get(word.range.clone()).is_some());
            }
            for body in command.redirects.iter().filter_map(|redirect| redirect.body.clone()) {
                proptest::prop_assert!(text.get(body).is_some());
            }
            environment.expand(&mut command);
            environment.assign(&command);
        }
        let marks = Reader::new(&text).marks();
        proptest::prop_assert!(marks.comments.iter().chain(&marks.strings).all(|range| text.get(range.clone()).is_some()));
        flat(&text);
        chained(&text);
    }
}
