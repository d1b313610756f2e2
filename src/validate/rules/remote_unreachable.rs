//! `remote-unreachable`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Need, Remote};

pub(super) static RULE: Rule = Rule {
    id: "remote-unreachable",
    summary: "the remote server does not answer",
    explanation: "\
## What
Nothing answers at `remote.url`: the host does not exist or refuses connections, its certificate is not valid, the address is
in a private network, or the answer is 404, 410 or, more than once, a server error. 401 and 403 are answers of a living
server.

## Why
A catalog entry for a server that is gone costs everybody who tries it time, and a name that is free can be taken by
somebody else.

## How to fix
Correct the address from the service's documentation, or remove the entry if the service has ended.

## Source
One request as a client of the Model Context Protocol makes it; in Docker's registry dead servers stay hidden behind
their `tools.json`.
",
    severity: Severity::Error,
    needs: &[Need::Remote],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if let Fact::Known(Remote::Unreachable(why)) = &subject.facts.remote {
        sink.value(route!["remote", "url"], format!("the remote server does not answer: {why}"))
            .help("correct the address, or remove the entry if the service has ended");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, Remote};
    use crate::validate::testing::{Case, case};

    fn judged(fact: Fact<Remote>) -> Case {
        let yaml =
            "name: x\ntype: remote\nremote:\n  transport_type: streamable-http\n  url: https://mcp.acme.example/mcp\n";
        case("remote-unreachable", "x", yaml).facts(Facts { remote: fact, ..Facts::default() })
    }

    #[test]
    fn a_dead_server_is_found() {
        let dead = Remote::Unreachable("there is no host mcp.acme.example".into());
        insta::assert_snapshot!(judged(Fact::Known(dead)).rendered(), @"
        error[remote-unreachable]: the remote server does not answer: there is no host mcp.acme.example
         --> servers/x/server.yaml:5:8
          |
        5 |   url: https://mcp.acme.example/mcp
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: correct the address, or remove the entry if the service has ended
        ");
    }

    #[test]
    fn a_server_that_wants_credentials_is_alive() {
        for status in [200, 401, 403, 405, 429] {
            assert_eq!(judged(Fact::Known(Remote::Alive(status))).count(), 0, "{status}");
        }
    }

    #[test]
    fn a_slow_server_is_not_dead() {
        assert_eq!(judged(Fact::Unavailable("timeout".into())).count(), 0);
        assert_eq!(judged(Fact::NotGathered).count(), 0);
    }
}
