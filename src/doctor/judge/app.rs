//! The registry's App: whose token this is, what the App may do, and whether it works.

use crate::checks::names::GATE;
use crate::doctor::Judged;
use crate::doctor::facts::{Facts, Then, Unseen, known};
use crate::doctor::needs::needs;
use crate::github::registry::App;
use crate::init::Tool;
use crate::policy::{ACTIONS_APP, POLICY};

const ACTIONS_BOT: &str = "github-actions[bot]";
const APPS: &str = "Settings of the account or organization → Developer settings → GitHub Apps";

pub(in crate::doctor) fn token(facts: &Facts) -> Result<Judged, Unseen> {
    let login = known(&facts.account)?;
    let fix = "use a token of the registry's own App: `actions/create-github-app-token` makes one in a workflow";
    if login == ACTIONS_BOT {
        let says = "the token is that of a workflow, with which a stranger's pull request can make the same checks";
        return Ok(Judged::wrong(says, fix));
    }
    if !login.ends_with("[bot]") {
        return Ok(Judged::ok(format!("asked by `{login}`, a person: the App is judged by the checks that it made")));
    }
    Ok(match (known(&facts.app)?, facts.asked_app.or_else(|| facts.files.app())) {
        (Some(own), Some(expected)) if own.id != expected => Judged::wrong(
            format!("the token is of App {} (`{login}`), and the registry's is App {expected}", own.id),
            fix,
        ),
        (Some(own), _) => Judged::ok(format!("asked by App {} (`{login}`)", own.id)),
        (None, _) => {
            let why = format!("GitHub shows no App behind the account `{login}`");
            return Err(Unseen::new(why, Then::Do("ask with another token of the App")));
        }
    })
}

pub(in crate::doctor) fn permissions(facts: &Facts) -> Result<Judged, Unseen> {
    let expected = facts.expected_app();
    let is_it = |app: &&App| Some(app.id) == expected;
    let own = facts.app.as_ref().ok().and_then(Option::as_ref).filter(is_it);
    let Some(app) = own.or_else(|| facts.seen.as_ref().ok()?.0.as_ref()) else {
        // Whichever fact would have shown it says why it does not.
        known(&facts.app)?;
        known(&facts.seen)?;
        let why = "only a token of the App, or a check that it made, shows what it may do";
        return Err(Unseen::new(why, Then::Do("do what `first-checks` says, or ask with a token of the App")));
    };
    let may = |name: &str, level: &str| {
        let has = app.permissions.get(name).map_or("", String::as_str);
        has == level || (level == "read" && matches!(has, "write" | "admin")) || has == "admin"
    };
    let all = needs(&Tool::example()).permissions;
    let lacks: Vec<String> = all
        .iter()
        .filter(|(name, level)| !may(name, level))
        .map(|(name, level)| {
            let words = name.replace('_', " ");
            format!("{words}: {level}")
        })
        .collect();
    let name = &app.slug;
    Ok(match lacks.len() {
        0 => Judged::ok(format!("App `{name}` may write checks, contents, issues and pull requests")),
        _ => Judged::missing(
            format!("App `{name}` lacks the permission {}", lacks.join(", ")),
            format!(
                "{APPS} → {name} → Permissions & events → Repository permissions; then accept them where it is installed"
            ),
        ),
    })
}

pub(in crate::doctor) fn id(facts: &Facts) -> Result<Judged, Unseen> {
    let fix = match facts.app.as_ref().ok().and_then(Option::as_ref).filter(|app| app.id != ACTIONS_APP) {
        Some(app) => {
            format!("write `app-id = {}` under `[github]` in `{POLICY}`: that is the App of this token", app.id)
        }
        None => format!("write `app-id`, the *App ID* of the App's page, under `[github]` in `{POLICY}`"),
    };
    let Ok(settings) = facts.files.settings()? else {
        return Err(Unseen::new(format!("`{POLICY}` cannot be read"), Then::Do("do what `policy` says first")));
    };
    Ok(match (facts.asked_app, settings.settings.github.app_id) {
        (Some(asked), Some(found)) if asked != found => {
            Judged::wrong(format!("`app-id` is {found}, and `--app-id` says {asked}"), fix)
        }
        // A policy with the App of every workflow cannot be read at all.
        (_, Some(found)) => Judged::ok(format!("`app-id` is {found}")),
        (_, None) => Judged::missing(
            "the policy does not say which App is the registry's own: its checks count for nothing",
            fix,
        ),
    })
}

pub(in crate::doctor) fn first_checks(facts: &Facts) -> Result<Judged, Unseen> {
    let Some(app) = facts.expected_app() else {
        return Err(Unseen::without_app());
    };
    Ok(match known(&facts.seen)? {
        (Some(_), _) => Judged::ok(format!("App {app} decided `{GATE}` for a pull request lately")),
        (None, 0) => Judged::missing(
            "there is no pull request yet, and so no check that can be required",
            "open one with an entry of your own, from a branch of the repository",
        ),
        (None, number) => Judged::missing(
            format!("App {app} made no `{GATE}` on the latest pull requests ({number} looked at)"),
            "open a pull request that changes an entry; Actions → Validate → the latest run says what failed",
        ),
    })
}
