//! `--build-agents`: the images of coding agents.

use super::options::ReviewArgs;
use crate::agent::coding::Coder;
use crate::cli::agent::CoderName;
use crate::cli::{Global, refuse, roots};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::output::{Format, escape};
use crate::review::images::{self, Built, Wanted};
use crate::review::prepare::Reach;
use crate::ui::Ui;
use url::Url;

pub(super) async fn build(
    args: &ReviewArgs,
    wanted: &[CoderName],
    global: &Global,
    context: &Context,
    ui: &Ui,
) -> Result<u8, CommandError> {
    let index = args.package_index.as_deref().map(|text| {
        Url::parse(text).map_err(|error| refuse("`--package-index`: this is not an address").because(&error))
    });
    let mut coders: Vec<Coder> = wanted.iter().map(|name| (*name).into()).collect();
    if coders.is_empty() {
        coders = Coder::ALL.into();
    }
    coders.sort_unstable();
    coders.dedup();
    let Some(executable) = context.executable.clone() else {
        return Err(CommandError::unfinished("the system does not say which file this program is"));
    };
    let wanted = Wanted {
        coders,
        base_image: args.base_image.clone(),
        downloads: args.downloads.clone(),
        index: index.transpose()?.filter(|_| !global.offline),
        temp_dir: context.temp_dir.clone(),
        reach: Reach { roots_pem: roots::read(context)?, allow: args.allow_network.clone() },
        docker_host: context.docker_host.clone(),
        executable,
        started: context.now.timestamp(),
    };
    let built = images::build(&wanted, &|line| ui.say(line)).await?;
    ui.result(&show(&built, global.format))?;
    Ok(exit::CLEAN)
}

fn show(built: &[Built], format: Format) -> String {
    if format == Format::Json {
        let images: Vec<_> = built
            .iter()
            .map(|built| {
                serde_json::json!({
                    "agent": built.coder.as_str(), "version": built.version, "image": built.name, "id": built.id,
                    "kept": built.kept
                })
            })
            .collect();
        return escape::visible_json(&serde_json::json!({ "version": 1, "images": images }));
    }
    let line = |built: &Built| {
        let what = if built.kept { "is there already" } else { "is built and tested" };
        format!("{} {}: {} {what}\n", built.coder.title(), built.version, built.name)
    };
    built.iter().map(line).collect()
}
