#![allow(clippy::unwrap_used)]

use super::{Command, Environment, List, Reader, Word, chained, flat};
use std::fmt::Write as _;

/// Commands one a line: their words, what is redirected, what follows. Commands within a word stand indented before it.
fn shown(text: &str) -> String {
    fn show(command: &Command, text: &str, depth: usize, out: &mut String) {
        for command in command.words.iter().flat_map(|word| &word.inner).flat_map(|inner| inner.commands.iter()) {
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
    ["(", "d"] Pipe
    ["e"] Close
    [")"] Or
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
      ["(", "2"] Close
      [")"] End
    ["x=$()"] Next
    ["case", "$x", "in", "a"] Pattern
    ["b"] Next
    ["(", "c"] Close
    [")", "d"] Next
    ["esac"] Next
    ["(", "(", "i"] Input "3" Close
    [")"] Close
    [")"] End
    "#);
}

#[test]
fn a_word_has_what_a_shell_puts_into_a_here_document() {
    let word = Reader::document_of("a $X ${Y:-z} \"$(curl 'u')\" it's \\$x\n`b`\n");
    assert_eq!(word.text, "a $X z \"$()\" it's $x\n$()\n");
    let commands = word.inner.iter().flat_map(|inner| inner.commands.iter());
    assert_eq!(commands.map(|command| command.words.len()).collect::<Vec<_>>(), [2, 1]);
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
        for command in Reader::new(text) {
            let words: Vec<Word> = command.words.into_iter().flat_map(|word| environment.expand(word)).collect();
            environment.assign(&words);
            last = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("|");
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
    assert_eq!(expanded("D=echo; ${D:-curl} x"), "curl|x");
    assert_eq!(expanded("D=curl; ${D:-echo} x"), "curl|x");
    assert_eq!(expanded("${D:+curl} x"), "curl|x");
    assert_eq!(expanded(": ${D:=curl}; $D x"), "curl|x");
    assert_eq!(expanded(": ${D=curl}; $D x"), "curl|x");
    assert_eq!(expanded("D=cu; D+=rl; $D x"), "curl|x");
    assert_eq!(expanded("A=(curl -s 'u v'\n# c\n); \"${A[@]}\" x"), "curl|-s|u v|x");
    assert_eq!(expanded("A=(a curl); A+=(x); ${A[1]} ${A[2]}"), "curl|x");
    assert_eq!(expanded("A[0]=curl; ${A[0]} $A"), "curl|curl");
    assert_eq!(expanded("cu${x}rl x$y cu$@rl"), "curl|x$y|curl");
    assert_eq!(expanded("A=cu; ${A}rl ${A}_x"), "curl|cu_x");
    assert_eq!(expanded("X='a b'; Y=$X; \"$Y\""), "a b");
}

#[test]
fn groups_and_bodies_of_functions_are_known() {
    let shown = |text: &str| {
        let commands: Vec<Command> = Reader::new(text).collect();
        let list = List::new(std::rc::Rc::new(commands));
        let mut out = String::new();
        for at in 0..list.len() {
            let (command, head) = list.command(at).unwrap();
            let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
            let pattern = if head.is_pattern { " pattern" } else { "" };
            write!(out, "{at} {}{pattern}", words.join(" ")).unwrap();
            for group in &head.opens {
                write!(out, " to {:?}", list.group(*group).unwrap().close).unwrap();
            }
            for (name, body) in &head.functions {
                write!(out, " {name}={body:?}").unwrap();
            }
            out.push('\n');
        }
        out
    };
    insta::assert_snapshot!(shown("f() { a \"$1\"; if x; then { b; }; fi; }\nfunction g { c; }\nh () (\n d\n)\ni() while x; do y; done\n{ j() { k; }; }"), @"
    0 f
    1 { a $1 to Some(6)
    2 if x to Some(5)
    3 then { b to Some(4)
    4 }
    5 fi
    6 } f=1..7
    7 function g { c to Some(8)
    8 } g=7..9
    9 h
    10 ( to Some(12)
    11 d
    12 ) h=10..13
    13 i
    14 while x to Some(16)
    15 do y
    16 done i=14..17
    17 { j to Some(20)
    18 { k to Some(19)
    19 } j=18..20
    20 }
    ");
    insta::assert_snapshot!(shown("if a; then case x in a | if) b;; {) c;; esac; fi\n( ( d ) )\n}"), @"
    0 if a to Some(7)
    1 then case x in a to Some(6)
    2 if pattern
    3 b
    4 { pattern
    5 c
    6 esac
    7 fi
    8 ( ( d to Some(10) to Some(9)
    9 )
    10 )
    11 }
    ");
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
        for command in Reader::new(&text) {
            proptest::prop_assert!(text.get(command.range.clone()).is_some(), "{:?}", command.range);
            for word in &command.words {
                proptest::prop_assert!(text.get(word.range.clone()).is_some());
            }
            for body in command.redirects.iter().filter_map(|redirect| redirect.body.clone()) {
                proptest::prop_assert!(text.get(body).is_some());
            }
            let words: Vec<Word> = command.words.into_iter().flat_map(|word| environment.expand(word)).collect();
            environment.assign(&words);
        }
        Reader::document_of(&text);
        List::new(std::rc::Rc::new(Reader::new(&text).collect()));
        let marks = Reader::new(&text).marks();
        proptest::prop_assert!(marks.comments.iter().chain(&marks.strings).all(|range| text.get(range.clone()).is_some()));
        flat(&text);
        chained(&text);
    }
}
