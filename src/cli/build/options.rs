//! The arguments of `build`, and what of them can be said wrongly.

use crate::build::tools::ToolsOptions;
use crate::build::{Builder, ContextLimits, Leniency, Limits, Options, What};
use crate::cli::fail_on::FailOn;
use crate::cli::{Global, images, places, refuse, units};
use crate::context::Context;
use crate::error::CommandError;
use crate::ids::{CommitSha, ImageReference};
use crate::review::prepare::Reach;
use crate::sign::{Registries, connect};
use clap::{ArgGroup, Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Build the images of entries, each from exactly the commit that it pins.
#[derive(Debug, Clone, Args)]
#[command(
    group(ArgGroup::new("which").required(true).multiple(true).args(["names", "diff"])),
    after_help = "Examples:
  mcp-registry build weather                          build mcp/weather:<COMMIT> and mcp/weather:latest
  mcp-registry build weather --network none           no step of the build has a network
  mcp-registry build weather --tools                  also compare the server's tools with tools.json
  mcp-registry build weather --write-tools            write tools.json
  mcp-registry build weather --push --digests d.json  publish it; the digest is the result
  mcp-registry build weather --image-registry localhost:5000 --push
  mcp-registry build --diff HEAD^..HEAD --push        what the last commit made another image

The context is source.directory at that commit and nothing else, without what .dockerignore excludes. Steps of a build
run with the engine's default bridge network; they get no secret, no key agent and no folder of this machine.
docs/build.md says more."
)]
pub(in crate::cli) struct BuildArgs {
    /// The entries to build, by folder name.
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// The entries whose pin, source, image or Dockerfile this range of commits changed: BASE..HEAD.
    #[arg(long, value_name = "RANGE", conflicts_with = "names")]
    pub(super) diff: Option<String>,

    /// Publish the image: the commit's first 12 digits, each --tag, and `latest`. The result is IMAGE@DIGEST.
    #[arg(long, help_heading = "Image")]
    pub(super) push: bool,
    /// With --push: replace the commit's tag although it is there with another digest.
    #[arg(long, requires = "push", help_heading = "Image")]
    pub(super) force: bool,
    /// One more tag, beside the commit's first 12 digits and `latest`; may be repeated.
    #[arg(long = "tag", value_name = "TAG", value_parser = tag, help_heading = "Image")]
    pub(super) tags: Vec<String>,
    /// The image registry, in place of that of the image's name: `ghcr.io/acme` makes `ghcr.io/acme/mcp/weather`.
    #[arg(long, value_name = "HOST", value_parser = image_registry, help_heading = "Image")]
    pub(super) image_registry: Option<String>,
    /// Speak plain http to this image registry. Those on loopback need no such permission; the engine has settings of its own.
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Image")]
    insecure_registry: Vec<String>,
    /// The server's name in the community registry, for the label io.modelcontextprotocol.server.name. With one NAME only.
    #[arg(long, value_name = "NAME", value_parser = server_name, help_heading = "Image")]
    server_name: Option<String>,
    /// The license of the code, as an SPDX expression, for a label. With one NAME only.
    #[arg(long, value_name = "SPDX", value_parser = license, help_heading = "Image")]
    license: Option<String>,

    /// Who builds. The classic builder does not know what newer Dockerfiles need: they are refused with the line.
    #[arg(long, value_enum, value_name = "BUILDER", default_value_t = BuilderName::Buildkit, help_heading = "Build")]
    builder: BuilderName,
    /// The network of the steps of the build: the engine's default bridge, or none. With --offline it is none.
    #[arg(long, value_enum, value_name = "NETWORK", default_value_t = NetworkName::Default, help_heading = "Build")]
    network: NetworkName,
    /// A build argument; may be repeated.
    #[arg(long = "build-arg", value_name = "NAME=VALUE", value_parser = build_arg, help_heading = "Build")]
    build_args: Vec<(String, String)>,
    /// The platform to build for, as linux/arm64. Without this: the engine's own.
    #[arg(long, value_name = "PLATFORM", value_parser = platform, help_heading = "Build")]
    platform: Option<String>,
    /// Run every step again, whatever the engine has in its cache.
    #[arg(long, help_heading = "Build")]
    no_cache: bool,
    /// Fetch base images again.
    #[arg(long, help_heading = "Build")]
    pull: bool,
    /// Fetch base images from this image registry with the login of this machine; may be repeated. Without this, they are fetched
    /// without a login: a Dockerfile could have a private image published.
    #[arg(long, value_name = "HOST", help_heading = "Build")]
    base_login: Vec<String>,
    /// Let a `# syntax` line name any image, which then reads the Dockerfile. Without this: docker/dockerfile:1 only.
    #[arg(long, help_heading = "Build")]
    allow_syntax: bool,
    /// Let ADD download. The engine does that in the network of its host.
    #[arg(long, help_heading = "Build")]
    allow_remote_add: bool,
    /// Let base images have the build do something: `ONBUILD`. Nobody has read that, and an ADD of it may download.
    #[arg(long, help_heading = "Build")]
    allow_onbuild: bool,
    /// Send submodules as empty folders. Without this, a context that has some is refused.
    #[arg(long, help_heading = "Build")]
    empty_submodules: bool,
    /// Send symbolic links that lead out of the context as they are. Without this, they are refused.
    #[arg(long, help_heading = "Build")]
    keep_outside_links: bool,

    /// The time that one build may take: 90s, 30m, 2h.
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = units::duration, help_heading = "Limits")]
    timeout: Duration,
    /// The memory of a step: 512m, 2g. Only the classic builder holds it; BuildKit has the memory of its engine.
    #[arg(long, value_name = "SIZE", default_value = "4g", value_parser = units::memory, help_heading = "Limits")]
    memory: u64,
    /// The size of the context.
    #[arg(long, value_name = "SIZE", default_value = "512m", value_parser = units::bytes, help_heading = "Limits")]
    max_context: u64,
    /// The size of the log.
    #[arg(long, value_name = "SIZE", default_value = "16m", value_parser = units::bytes, help_heading = "Limits")]
    max_log: u64,
    /// A private network from which code may be fetched; may be repeated.
    #[arg(long, value_name = "CIDR", help_heading = "Limits")]
    pub(super) allow_network: Vec<ipnet::IpNet>,
    /// The policy to use in place of the registry's own.
    #[arg(long, value_name = "FILE", help_heading = "Limits")]
    pub(super) policy: Option<PathBuf>,

    /// Ask the server in the image for its tools, and compare them with tools.json. The result is a report.
    #[arg(long, help_heading = "Tools")]
    pub(super) tools: bool,
    /// Write what the server lists to tools.json; includes --tools.
    #[arg(long, conflicts_with = "diff", help_heading = "Tools")]
    pub(super) write_tools: bool,
    /// Give the server a network while it is asked. Without this it has one only if its entry names hosts (run.allowHosts).
    #[arg(long, help_heading = "Tools")]
    tools_network: bool,
    /// The time that a server may take to start and list its tools.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = units::duration, help_heading = "Tools")]
    tools_timeout: Duration,
    /// Fetch images that others build, to ask the servers in them.
    #[arg(long, help_heading = "Tools")]
    pub(super) pull_community: bool,
    /// The least severity of a finding about tools that fails the run.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error, help_heading = "Tools")]
    pub(super) fail_on: FailOn,

    /// Write the record of the build to this file, for `attest`. With one NAME only.
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub(super) record: Option<PathBuf>,
    /// Write the record of each build to a file of this folder, NAME.json, for `attest --records`.
    #[arg(long, value_name = "DIR", conflicts_with = "record")]
    pub(super) records: Option<PathBuf>,
    /// With --push: write each entry's IMAGE@DIGEST to this JSON file; what it says of other entries stays.
    #[arg(long, value_name = "FILE", requires = "push", help_heading = "Results")]
    pub(super) digests: Option<PathBuf>,
    /// Write the whole log of the build to this file. With one NAME only.
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    log: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BuilderName {
    Buildkit,
    Classic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NetworkName {
    Default,
    None,
}

impl BuildArgs {
    /// Refuses combinations that make no sense.
    ///
    /// # Errors
    /// With the combination.
    pub(super) fn check(&self, global: &Global) -> Result<(), CommandError> {
        if global.offline && (self.push || self.pull || self.pull_community) {
            return Err(refuse("`--offline`: images are not pushed or fetched"));
        }
        let of_one = [
            ("--server-name", self.server_name.is_some()),
            ("--license", self.license.is_some()),
            ("--log", self.log.is_some()),
            ("--record", self.record.is_some()),
        ];
        match of_one.iter().find(|(_, given)| *given && self.names.len() > 1) {
            Some((option, _)) => {
                Err(refuse(format!("`{option}` is about one entry, and {} are named", self.names.len())))
            }
            None => Ok(()),
        }
    }

    /// Refuses places that no result could be written to: that is known before anything is built. The folder of `--records` is made.
    ///
    /// # Errors
    /// With the place.
    pub(super) fn check_places(&self) -> Result<(), CommandError> {
        if let Some(folder) = &self.records {
            std::fs::create_dir_all(folder)
                .map_err(|error| refuse(format!("`--records {}` cannot be made", folder.display())).because(&error))?;
        }
        for (option, file) in [("--record", &self.record), ("--digests", &self.digests), ("--log", &self.log)] {
            places::check_place(option, file.as_ref())?;
        }
        Ok(())
    }

    /// The commit's tag, those that were asked for, and `latest`, in that order: who sees `latest` finds the others.
    pub(super) fn all_tags(&self, commit: &CommitSha) -> Vec<String> {
        let mut tags = vec![commit.short().to_owned()];
        for tag in self.tags.iter().map(String::as_str).chain(["latest"]) {
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        tags
    }

    /// Whether servers are asked for their tools.
    pub(super) fn asks(&self) -> bool {
        self.tools || self.write_tools
    }

    pub(super) fn tools_options(&self, started: i64) -> ToolsOptions {
        ToolsOptions { time: self.tools_timeout, network: self.tools_network, started }
    }

    /// How entries are built.
    ///
    /// # Errors
    /// When build arguments are given twice, or steer the builder.
    pub(super) fn build_options(&self) -> Result<Options, CommandError> {
        let mut arguments = BTreeMap::new();
        for (name, value) in &self.build_args {
            if arguments.insert(name.clone(), value.clone()).is_some() {
                return Err(refuse(format!("`--build-arg {name}` is given twice")));
            }
            // It takes the place of the Dockerfile's own `# syntax` line.
            if name == "BUILDKIT_SYNTAX" && !self.allow_syntax {
                return Err(refuse("`--build-arg BUILDKIT_SYNTAX` needs `--allow-syntax`"));
            }
        }
        let limits = Limits {
            time: self.timeout,
            memory: self.memory,
            context: ContextLimits { bytes: self.max_context, ..Limits::default().context },
            log: self.max_log,
        };
        Ok(Options {
            builder: match self.builder {
                BuilderName::Buildkit => Builder::BuildKit,
                BuilderName::Classic => Builder::Classic,
            },
            network: self.network == NetworkName::Default,
            no_cache: self.no_cache,
            pull: self.pull,
            platform: self.platform.clone(),
            arguments,
            allow_syntax: self.allow_syntax,
            allow_remote_add: self.allow_remote_add,
            allow_onbuild: self.allow_onbuild,
            leniency: Leniency { outside_links: self.keep_outside_links, empty_submodules: self.empty_submodules },
            limits,
            server_name: self.server_name.clone(),
            license: self.license.clone(),
            log_file: self.log.clone(),
            base_logins: self.base_login.clone(),
        })
    }

    /// The image registries of these plans, with the logins of this machine.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub(super) fn registries(
        &self,
        reach: &Reach,
        context: &Context,
        plans: &[(Arc<str>, What)],
    ) -> Result<Registries, CommandError> {
        let names = plans.iter().filter_map(|(_, what)| match what {
            What::Build(plan) => ImageReference::parse(&plan.subject.repository).ok(),
            _ => None,
        });
        let names: Vec<ImageReference> = names.collect();
        let reach = connect::Reach {
            roots_pem: reach.roots_pem.clone(),
            allow: reach.allow.clone(),
            insecure: self.insecure_registry.clone(),
            docker_config: context.docker_config.clone(),
        };
        images::registries(&reach, &names.iter().collect::<Vec<_>>())
    }
}

fn tag(text: &str) -> Result<String, String> {
    match ImageReference::parse(&format!("x:{text}")) {
        Ok(ImageReference { tag: Some(tag), digest: None, .. }) if tag == text => Ok(tag),
        _ => {
            Err("a tag is 1 to 128 letters, digits, `_`, `.` and `-`, and begins with a letter, digit or `_`"
                .to_owned())
        }
    }
}

fn image_registry(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    match ImageReference::parse(&format!("{text}/x")) {
        Ok(ImageReference { tag: None, digest: None, host: Some(_), .. }) => Ok(text.to_owned()),
        _ => Err("write it as ghcr.io, ghcr.io/acme or localhost:5000".to_owned()),
    }
}

fn server_name(text: &str) -> Result<String, String> {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    match text.split_once('/') {
        Some((namespace, name)) if is_part(namespace) && is_part(name) && text.len() <= 200 => Ok(text.to_owned()),
        _ => Err("write it as io.github.acme/weather".to_owned()),
    }
}

fn license(text: &str) -> Result<String, String> {
    spdx::Expression::parse(text).map(|_| text.to_owned()).map_err(|error| error.reason.to_string())
}

fn build_arg(text: &str) -> Result<(String, String), String> {
    let wrong = "write it as NAME=VALUE; a name has letters, digits and `_`, and does not begin with a digit";
    let (name, value) = text.split_once('=').ok_or(wrong)?;
    let is_name = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { Ok((name.to_owned(), value.to_owned())) } else { Err(wrong.to_owned()) }
}

fn platform(text: &str) -> Result<String, String> {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let parts: Vec<&str> = text.split('/').collect();
    if matches!(parts.len(), 2 | 3) && parts.iter().all(|part| is_part(part)) {
        Ok(text.to_owned())
    } else {
        Err("write it as linux/amd64 or linux/arm/v7".to_owned())
    }
}
