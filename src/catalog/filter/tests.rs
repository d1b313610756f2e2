use super::{Filter, parse};
use crate::catalog::Published;
use crate::catalog::pin::Pinned;
use crate::catalog::published::Review;
use crate::entry::Entry;
use crate::git::Age;
use crate::ids::CommitSha;
use crate::policy::Policy;
use crate::verdict::Risk;
use proptest::prelude::*;

fn entry(name: &str, manifest: &str, risk: Option<Risk>) -> Published {
    let policy = "[[publishers]]\nname = 'Acme Inc'\ntrust = 'verified'\nremotes = ['https://acme.io/']\n\
        [[publishers]]\nname = 'Maker'\ntrust = 'official'\nremotes = ['https://maker.io/']\n";
    let settings = Policy::parse(policy).unwrap().settings;
    let entry = Entry::from_texts(name, Some(manifest), None, None);
    let mut published = Published::of(&entry, &settings, &Pinned::NotNeeded, Age::default());
    let commit = CommitSha::parse(&"a".repeat(40)).unwrap();
    published.review = risk.map(|risk| Review { risk: Some(risk), commit });
    published
}

fn all() -> Vec<Published> {
    vec![
        entry(
            "acme",
            "type: remote\nremote: {url: 'https://acme.io/x'}\nmeta: {category: ai, tags: [a, b]}\n",
            Some(Risk::Medium),
        ),
        entry(
            "maker",
            "type: remote\nremote: {url: 'https://maker.io/x'}\nmeta: {category: ai, tags: [b]}\n",
            Some(Risk::High),
        ),
        entry(
            "other",
            "type: remote\nremote: {url: 'https://other.io/x'}\nmeta: {category: web, tags: [c]}\n",
            Some(Risk::Low),
        ),
        entry("poci", "type: poci\nmeta: {category: maps}\n", None),
    ]
}

#[test]
fn filters_choose_entries() {
    let chosen = |text: &str| {
        let filter = parse(text).unwrap();
        filter.check(&all(), &[]).unwrap();
        let names: Vec<String> = all().iter().filter(|entry| filter.has(entry)).map(|it| it.name.to_string()).collect();
        format!("{text}: {}", names.join(" "))
    };
    let said = [
        "trust>=verified and max-risk<=medium",
        "trust = official",
        "trust!=community",
        "max-risk<critical",
        "not max-risk<critical",
        "category=ai and not tag=a",
        "category=ai,web",
        "category!=ai,web",
        "tag=a or tag=c and category=maps",
        "(tag=a or tag=c) and category=web",
        "publisher='acme inc'",
        "publisher == \"Maker\" OR name=poci",
        "type=poci",
    ]
    .map(chosen);
    insta::assert_snapshot!(said.join("\n"), @r#"
    trust>=verified and max-risk<=medium: acme
    trust = official: maker
    trust!=community: acme maker
    max-risk<critical: acme maker other
    not max-risk<critical: poci
    category=ai and not tag=a: maker
    category=ai,web: acme maker other
    category!=ai,web: poci
    tag=a or tag=c and category=maps: acme
    (tag=a or tag=c) and category=web: other
    publisher='acme inc': acme
    publisher == "Maker" OR name=poci: maker poci
    type=poci: poci
    "#);
}

#[test]
fn mistakes_are_marked() {
    let said = |text: &str| {
        let error = parse(text).and_then(|filter| filter.check(&all(), &["Nobody Yet".to_owned()])).unwrap_err();
        let mark =
            format!("{}{}", " ".repeat(error.span.start), "^".repeat((error.span.end - error.span.start).max(1)));
        format!("{text}\n{mark} {}{}", error.message, error.hint.map(|hint| format!(" ({hint})")).unwrap_or_default())
    };
    let texts = [
        "tust>=verified",
        "",
        "colour=red",
        "trust>=verifed",
        "trust=verified,official",
        "category<ai",
        "category=",
        "category ai",
        "category=a i",
        "category=maps and",
        "(category=maps",
        "category=maps)",
        "tag=a && tag=b",
        "publisher='Acme",
        "=a",
        "name=makr",
        "category=zzz",
        "max-risk<=severe",
        "not",
        "publisher=nobody",
    ];
    insta::assert_snapshot!(texts.map(said).join("\n"), @r"
    tust>=verified
    ^^^^ nobody can ask for `tust` (did you mean `trust`?)

    ^ here a condition is missing
    colour=red
    ^^^^^^ nobody can ask for `colour` (entries are asked for category, max-risk, name, publisher, tag, trust, type)
    trust>=verifed
           ^^^^^^^ `verifed` is not on the scale (did you mean `verified`?)
    trust=verified,official
                   ^^^^^^^^ only one level can be compared (they have an order: community < verified < official)
    category<ai
            ^ `category` has no order that `<` could compare (use `=` or `!=`)
    category=
             ^ here a word is missing
    category ai
             ^^ here `=` or another comparison of `category` is missing
    category=a i
               ^ here `and` or `or` is missing (put words with spaces in quotes)
    category=maps and
                     ^ here a condition is missing
    (category=maps
    ^ nothing closes this bracket
    category=maps)
                 ^ nothing opened this bracket
    tag=a && tag=b
          ^ `&` means nothing here (write `and`, `or`, `not`)
    publisher='Acme
              ^ nothing closes this '
    =a
    ^ a condition begins with what is asked for (one of category, max-risk, name, publisher, tag, trust, type)
    name=makr
         ^^^^ no entry has the name `makr` (did you mean `maker`?)
    category=zzz
             ^^^ no entry has the category `zzz`
    max-risk<=severe
              ^^^^^^ `severe` is not on the scale (it is one of info < low < medium < high < critical)
    not
       ^ here a condition is missing
    publisher=nobody
              ^^^^^^ no entry has the publisher `nobody` (did you mean `Nobody Yet`?)
    ");
    assert!(parse(&"not ".repeat(100)).unwrap_err().message.contains("deep"));
    assert!(parse(&"x".repeat(5000)).unwrap_err().message.contains("4096 bytes"));
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "[a-z=<>!()',\"&é\u{1f600} -]{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.span.end <= text.len() && text.is_char_boundary(error.span.start));
        }
    }

    #[test]
    fn a_filter_without_risk_asks_for_none(trust in "trust=(community|verified|official)") {
        prop_assert!(matches!(parse(&trust).unwrap(), Filter::Trust(..)));
    }
}
