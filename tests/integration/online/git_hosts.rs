//! Repositories on hosts other than GitHub: a fake Git server that lists its refs.

use super::{facts, gather_options};
use crate::fake_github::sha;
use crate::tls_server::{Reply, Seen, TlsServer, reply};
use mcp_registry::validate::facts::{Branch, Commit, Fact, Facts, Repository};

fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

fn git(seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/acme/x.git/info/refs?service=git-upload-pack" => {
            let (main, tag) = (sha("main"), sha("tag"));
            let refs = [
                line("# service=git-upload-pack\n"),
                "0000".to_owned(),
                line(&format!("{main} HEAD\0multi_ack agent=git/2\n")),
                line(&format!("{main} refs/heads/main\n")),
                line(&format!("{} refs/tags/v1\n", sha("annotation"))),
                line(&format!("{tag} refs/tags/v1^{{}}\n")),
                "0000".to_owned(),
            ];
            reply(200, &[("content-type", "application/x-git-upload-pack-advertisement")], refs.concat())
        }
        "/acme/page/info/refs?service=git-upload-pack" => reply(200, &[], "<html>"),
        "/acme/private/info/refs?service=git-upload-pack" => reply(401, &[], ""),
        _ => reply(404, &[], ""),
    }
}

async fn ask(server: &TlsServer, path: &str, branch: &str, commit: &str) -> Facts {
    let project = server.url(path);
    let yaml =
        format!("type: server\nsource: {{project: '{project}', branch: '{branch}', commit: '{}'}}\n", sha(commit));
    facts(&[&yaml], &gather_options(server)).await.remove(0)
}

#[tokio::test]
async fn refs_are_known_and_nothing_more_is_claimed() {
    let server = TlsServer::start(git).await;
    let at_tip = ask(&server, "/acme/x.git", "main", "main").await;
    assert_eq!(at_tip.branch, Fact::Known(Branch::Branch));
    assert_eq!(at_tip.commit, Fact::Known(Commit::OnRef("main".into())));
    assert!(matches!(at_tip.repository, Fact::Unavailable(_)), "whether it is archived is not known");
    let at_tag = ask(&server, "/acme/x.git/", "v1", "tag").await;
    assert_eq!(at_tag.branch, Fact::Known(Branch::Tag));
    assert_eq!(at_tag.commit, Fact::Known(Commit::OnRef("v1".into())));
    let older = ask(&server, "/acme/x.git", "gone", "older").await;
    assert_eq!(older.branch, Fact::Known(Branch::Missing));
    assert!(matches!(older.commit, Fact::Unavailable(_)), "an older commit is no impostor: {:?}", older.commit);
}

#[tokio::test]
async fn a_repository_that_strangers_cannot_see_is_missing() {
    let server = TlsServer::start(git).await;
    for path in ["/acme/private", "/acme/gone"] {
        let gone = Facts { repository: Fact::Known(Repository::Missing), ..Facts::default() };
        assert_eq!(ask(&server, path, "main", "main").await, gone);
    }
    let page = ask(&server, "/acme/page", "main", "main").await;
    assert!(matches!(&page.repository, Fact::Unavailable(why) if why.ends_with("did not answer as a Git server does")));
}
