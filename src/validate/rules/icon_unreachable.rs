//! `icon-unreachable`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Icon, Need};

pub(super) static RULE: Rule = Rule {
    id: "icon-unreachable",
    summary: "the icon cannot be fetched",
    explanation: "\
## What
`about.icon` leads to nothing: the host or the file does not exist, access is refused, the certificate is not valid, the
address is not https, or it leads to a private network.

## Why
The catalog shows the icon next to the title. A broken image makes a working server look abandoned. An address in a private
network is worse: it makes other people's machines knock there.

## How to fix
Name an address that works in a private browser window. Icons in the project's own repository
(`https://raw.githubusercontent.com/…`) or the owner's avatar (`https://avatars.githubusercontent.com/u/…`) last longest.

## Source
The reference validator fetches the icon, and trusts what the server says about its length.
",
    severity: Severity::Warning,
    needs: &[Need::Icon],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if let Fact::Known(Icon::Unreachable(why)) = &subject.facts.icon {
        sink.value(route!["about", "icon"], format!("the icon cannot be fetched: {why}"))
            .help("name an address that works in a private browser window");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, Icon};
    use crate::validate::testing::{Case, case};

    fn judged(fact: Fact<Icon>) -> Case {
        let yaml = "name: x\nabout:\n  icon: https://acme.example/icon.png\n";
        case("icon-unreachable", "x", yaml).facts(Facts { icon: fact, ..Facts::default() })
    }

    #[test]
    fn an_icon_that_is_gone_is_found() {
        let gone = Icon::Unreachable("acme.example answered 404 Not Found".into());
        insta::assert_snapshot!(judged(Fact::Known(gone)).rendered(), @"
        warning[icon-unreachable]: the icon cannot be fetched: acme.example answered 404 Not Found
         --> servers/x/server.yaml:3:9
          |
        3 |   icon: https://acme.example/icon.png
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: name an address that works in a private browser window
        ");
    }

    #[test]
    fn an_icon_that_was_read_is_fine() {
        let read = Icon::Read { bytes: 10, format: Some("png".into()), size: Some((64, 64)) };
        assert_eq!(judged(Fact::Known(read)).count(), 0);
    }

    #[test]
    fn a_slow_host_and_a_bad_icon_are_other_matters() {
        assert_eq!(judged(Fact::Unavailable("timeout".into())).count(), 0);
        assert_eq!(judged(Fact::Known(Icon::TooLarge { limit: 1 })).count(), 0);
    }
}
