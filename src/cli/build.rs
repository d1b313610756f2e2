//! `build`: arguments to builds; builds to images, names, records and a result.

mod options;
mod result;
mod show;

pub(super) use options::BuildArgs;

use super::outside::Outside;
use super::{Global, entries, plan, policy, refuse, roots};
use crate::build::{self, Built, Options, Place, Plan, Session, Subject, Terms, What};
use crate::changes::EntryName;
use crate::context::Context;
use crate::entry::{Entry, load};
use crate::error::CommandError;
use crate::history::History;
use crate::ids::CommitSha;
use crate::jobs::Need;
use crate::output::{self, Format};
use crate::review::prepare::Reach;
use crate::rules::Obeying;
use crate::ui::Ui;
use chrono::TimeDelta;
use result::{Image, Judged, Outcome};
use show::Shown;
use std::sync::Arc;
use tokio::sync::OnceCell;

pub(super) fn run(args: &BuildArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    args.check(global)?;
    policy::check_root(&global.root)?;
    let policy = policy::load(&global.root, args.policy.as_deref())?;
    let (subjects, registry_commit) = match &args.diff {
        Some(diff) => {
            let (entries, head) = changed(diff, global)?;
            (entries, Some(head))
        }
        None => (named(args, global)?, History::open(&global.root).ok().and_then(|history| history.checked_out())),
    };
    if args.diff.is_some() && subjects.is_empty() {
        ui.say("nothing to build: no pin, source, image or Dockerfile changed");
    }
    let terms = Terms {
        namespace: &policy.settings.registry.namespace,
        hosts: policy.named_hosts(),
        image_registry: args.image_registry.as_deref(),
    };
    let mut plans = Vec::new();
    for entry in &subjects {
        plans.push((entry.name.clone(), build::plan(entry, terms)?));
    }
    let mut options = args.build_options()?;
    // The steps would have the engine's network, whatever this program asks for itself.
    options.network &= !global.offline;
    let reach = Reach {
        roots_pem: roots::read(context)?,
        allow: args.allow_network.iter().chain(&policy.settings.network.allow).copied().collect(),
    };
    let place = Place {
        registries: args.registries(&reach, context, &plans)?,
        reach,
        docker_host: context.docker_host.clone(),
        temp_dir: context.temp_dir.clone(),
    };
    if global.offline {
        refuse_network(&plans)?;
    }
    args.check_places()?;
    if let Some(file) = &args.digests {
        result::start_digests(file)?;
    }
    let outside = Outside::start()?;
    let stopped = outside.stopped();
    let obeying = Obeying::new(&policy, context.today());
    let session = OnceCell::new();
    let work = Work { args, global, context, ui, options, place, obeying, registry_commit, session };
    let outcomes = outside.wait(async {
        let outcomes = tokio::select! {
            outcomes = work.all(plans) => Some(outcomes),
            () = stopped => None,
        };
        if let (None, Some(session)) = (&outcomes, work.session.get()) {
            session.close().await;
        }
        outcomes
    });
    let canceled = || CommandError::unfinished("stopped: the build was canceled, and nothing is left of it");
    result::show(args, global, &outcomes.ok_or_else(canceled)??, ui)
}

/// The entries of the work tree that are named, each once.
fn named(args: &BuildArgs, global: &Global) -> Result<Vec<Entry>, CommandError> {
    let names = entries::list(&global.root)?;
    let mut wanted = Vec::new();
    for name in &args.names {
        let name = entries::named(name, &names)?;
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    Ok(wanted.into_iter().map(|name| load::load(&global.root, name)).collect())
}

/// The entries that a range gives another image, as its head has them, whatever is checked out; and those that nobody can say
/// that of: the build refuses them with the reason. And the head.
fn changed(diff: &str, global: &Global) -> Result<(Vec<Entry>, CommitSha), CommandError> {
    let plan::Changed { history, compared, jobs, .. } = plan::changed(diff, global)?;
    let is_wanted = |name: &EntryName| {
        let planned = jobs.entries.iter().find(|planned| planned.name == name.shown());
        planned.is_some_and(|planned| planned.unclear || planned.needs.contains(&Need::Build))
    };
    let wanted = compared.changes.to_judge().filter(|name| is_wanted(name));
    let head = history.at(&compared.head)?;
    let entries = wanted.map(|name| head.load(name)).filter_map(Result::transpose);
    Ok((entries.collect::<Result<_, _>>()?, compared.head))
}

/// `--offline`: what needs to be fetched is refused before anything is done.
fn refuse_network(plans: &[(Arc<str>, What)]) -> Result<(), CommandError> {
    let remote = plans.iter().find_map(|(name, what)| match what {
        What::Build(plan) if plan.source.project.starts_with("https:") => Some(name),
        _ => None,
    });
    match remote {
        Some(name) => Err(refuse(format!("`--offline`: the code of `{name}` needs to be fetched"))),
        None => Ok(()),
    }
}

struct Work<'a> {
    args: &'a BuildArgs,
    global: &'a Global,
    context: &'a Context,
    ui: &'a Ui,
    options: Options,
    place: Place,
    obeying: Obeying<'a>,
    /// The commit of the registry whose entries are built.
    registry_commit: Option<CommitSha>,
    session: OnceCell<Session>,
}

impl Work<'_> {
    /// One after the other: each build has the engine's processors to itself. One that fails does not keep the others from
    /// being built.
    async fn all(&self, plans: Vec<(Arc<str>, What)>) -> Result<Vec<Outcome>, CommandError> {
        let mut outcomes = Vec::new();
        for (entry, what) in plans {
            let mut outcome = Outcome::new(entry);
            let done = match what {
                What::Nothing(why) => {
                    outcome.nothing = Some(why);
                    Ok(())
                }
                What::Prebuilt(subject) => self.prebuilt(&subject, &mut outcome).await,
                What::Build(plan) => self.one(&plan, &mut outcome).await,
            };
            if let Some(why) = &outcome.nothing {
                self.ui.say(&format!("`{}`: nothing is built: {why}", outcome.entry));
            }
            if let Err(error) = done {
                self.ui.error(&error);
                outcome.error = Some(error);
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn session(&self) -> Result<&Session, CommandError> {
        self.session.get_or_try_init(|| Session::start(&self.place)).await
    }

    async fn one(&self, plan: &Plan, outcome: &mut Outcome) -> Result<(), CommandError> {
        let session = self.session().await?;
        let began = std::time::Instant::now();
        let mut shown = Shown::new(self.ui, self.global.format == Format::Github, self.global.verbose > 0);
        let built = session.build(plan, &self.options, &mut |event| shown.event(event)).await;
        shown.close();
        let built = built?;
        let took = began.elapsed();
        self.say(plan, &built);
        let repository = &plan.subject.repository;
        let tags = self.args.all_tags(&plan.source.commit);
        session.name(&built.id, repository, &tags).await?;
        let id = built.id.clone();
        let mut image = Image { built, repository: repository.clone(), tags, digest: None };
        if self.args.asks() {
            outcome.tools = Some(self.tools(session, &plan.subject, &id).await?);
        }
        if self.args.push && outcome.tools.as_ref().is_some_and(|tools| self.fails(tools)) {
            let why = format!("{repository} was not pushed: its tools are not those of tools.json");
            return Err(CommandError::unfinished(why).hint("`--write-tools` writes what the server lists"));
        }
        if self.args.push {
            image.digest = Some(session.push(&id, repository, &image.tags, self.args.force).await?);
        }
        let finished = self.context.now + TimeDelta::from_std(took).unwrap_or_default();
        let in_folder = self.args.records.as_ref().map(|folder| folder.join(format!("{}.json", plan.subject.entry)));
        if let Some(file) = self.args.record.as_ref().or(in_folder.as_ref()) {
            let times = (self.context.now, finished);
            let (commit, digest) = (self.registry_commit.clone(), image.digest.clone());
            let record = build::record(commit, plan, &self.options, &image.built, digest, times)?;
            result::write_record(file, &record)?;
            self.ui.say(&format!("  record  {}", file.display()));
        }
        if let (Some(file), Some(digest)) = (&self.args.digests, &image.digest) {
            result::write_digest(file, &plan.subject.entry, &format!("{repository}@{}", digest.as_str()))?;
        }
        outcome.image = Some(image);
        Ok(())
    }

    /// An image that others build: only its tools can be asked for.
    async fn prebuilt(&self, subject: &Subject, outcome: &mut Outcome) -> Result<(), CommandError> {
        outcome.nothing = Some(format!("others build its image, {}", subject.image));
        if !self.args.asks() && !self.args.pull_community {
            return Ok(());
        }
        let session = self.session().await?;
        if !session.has(&subject.image, self.args.pull_community).await? {
            return Err(refuse(format!("the engine does not have {}", subject.image))
                .hint("`--pull-community` fetches images that others build"));
        }
        if self.args.asks() {
            outcome.tools = Some(self.tools(session, subject, &subject.image).await?);
        }
        Ok(())
    }

    /// Asks a server for its tools, and compares or writes them.
    async fn tools(&self, session: &Session, subject: &Subject, image: &str) -> Result<Judged, CommandError> {
        let listed = session.tools(subject, image, &self.args.tools_options(self.context.now.timestamp())).await?;
        self.ui.say(&format!("`{}` lists {}", subject.entry, output::count(listed.len(), "tool")));
        let mut findings = if self.args.write_tools {
            if build::tools::write(&self.global.root, subject, &listed)? {
                self.ui.say(&format!("  wrote {}", subject.tools_file.path));
            }
            Vec::new()
        } else {
            build::tools::compare(subject, &listed)
        };
        self.obeying.obey(&mut findings);
        Ok(Judged { findings, path: subject.tools_file.path.clone(), source: subject.tools_file.source() })
    }

    fn fails(&self, tools: &Judged) -> bool {
        let least = self.args.fail_on.severity();
        least.is_some_and(|least| {
            tools.findings.iter().any(|finding| finding.waived.is_none() && finding.severity >= least)
        })
    }

    fn say(&self, plan: &Plan, built: &Built) {
        self.ui.say(&format!(
            "`{}` was built from {} in {:.1} s",
            plan.subject.entry,
            built.commit,
            built.took.as_secs_f64()
        ));
        let left_out =
            if built.ignored > 0 { format!(", {} left out by .dockerignore", built.ignored) } else { String::new() };
        let Built { files, bytes, context_digest, .. } = built;
        self.ui.say(&format!("  context {} ({files} files, {bytes} bytes{left_out})", context_digest.as_str()));
        self.ui.say(&format!("  image   {}", built.id));
        let subject = &plan.subject;
        let is_given = |version: &&String| {
            let tag = version.strip_prefix(':').unwrap_or_default();
            !self.args.all_tags(&plan.source.commit).iter().any(|given| given == tag)
        };
        if let Some(version) = subject.version.as_ref().filter(is_given) {
            let how = version.strip_prefix(':').map_or_else(String::new, |tag| format!("; `--tag {tag}` adds it"));
            self.ui.say(&format!("  not named `{version}`, as the entry's `image` is{how}"));
        }
    }
}
