//! `--estimate`: how much there is to read, and what it may cost.

use super::options::{AgentName, ReviewArgs};
use super::request;
use crate::cli::Global;
use crate::error::{CommandError, exit};
use crate::output::{Format, count, escape};
use crate::proxy::{Micros, Price, models};
use crate::review::estimate::Measured;
use crate::ui::Ui;
use serde_json::json;
use std::fmt::Write as _;

/// Characters of a name in the table.
const MAX_NAME: usize = 60;

/// An agent that would be asked.
struct Asked {
    name: String,
    model: Option<String>,
    price: Option<Price>,
}

/// What one agent costs for one target: to read everything once; and with all that it may use.
fn cost(asked: &Asked, measured: Measured, args: &ReviewArgs) -> Option<(Micros, Micros)> {
    let price = asked.price?;
    let of = |tokens: u64, price: Micros| {
        u64::try_from(u128::from(tokens) * u128::from(price.0) / 1_000_000).unwrap_or(u64::MAX)
    };
    let budget = &args.budget;
    let all = of(budget.max_input_tokens, price.input).saturating_add(of(budget.max_output_tokens, price.output));
    let most = budget.max_agent_cost.map_or(all, |most| most.0.min(all));
    let least = of(measured.tokens(), price.input).min(most);
    Some((Micros(least), Micros(most)))
}

fn agents(args: &ReviewArgs, model: Option<&str>) -> Vec<Asked> {
    let own = args.budget.input_price.zip(args.budget.output_price).map(|(input, output)| Price { input, output });
    let asked = |name: &str, model: Option<&str>| Asked {
        name: name.to_owned(),
        model: model.map(str::to_owned),
        price: own.or_else(|| {
            let (input, output) = models::price(model?)?;
            Some(Price { input: Micros(input), output: Micros(output) })
        }),
    };
    let mut all = Vec::new();
    if args.agents.contains(&AgentName::Builtin) || args.agents.is_empty() && args.agent_images.is_empty() {
        all.push(asked("builtin", model));
    }
    if args.agents.contains(&AgentName::Claude) {
        all.push(asked("claude", args.claude_model.as_deref().or(model)));
    }
    if args.agents.contains(&AgentName::Codex) {
        all.push(asked("codex", args.codex_model.as_deref().or(model)));
    }
    all.extend(args.agent_images.iter().map(|image| asked(image, model)));
    all
}

/// Shows what was measured. The status is that of what could not be.
pub(super) fn show(
    args: &ReviewArgs,
    global: &Global,
    asked: &request::Asked,
    measured: &[Result<Measured, String>],
    ui: &Ui,
) -> Result<u8, CommandError> {
    let agents = agents(args, args.model.as_deref().or(asked.model.as_deref()));
    let names = request::names(&asked.targets);
    let costs: Vec<(Micros, Micros)> =
        measured.iter().flatten().flat_map(|one| agents.iter().filter_map(|agent| cost(agent, *one, args))).collect();
    let sum = |numbers: &mut dyn Iterator<Item = u64>| numbers.fold(0_u64, u64::saturating_add);
    let most = sum(&mut costs.iter().map(|(_, most)| most.0));
    let most = args.budget.max_cost.map_or(most, |run| run.0.min(most));
    let least = sum(&mut costs.iter().map(|(least, _)| least.0)).min(most);
    let unpriced: Vec<&Asked> = agents.iter().filter(|agent| agent.price.is_none()).collect();
    let unfinished = measured.iter().any(Result::is_err);
    let text = if global.format == Format::Json {
        let targets: Vec<_> = names
            .iter()
            .zip(measured)
            .map(|(name, one)| match one {
                Ok(one) => json!({"target": name, "files": one.files, "bytes": one.bytes, "tokens": one.tokens()}),
                Err(reason) => json!({"target": name, "reason": reason}),
            })
            .collect();
        let agents: Vec<_> = agents
            .iter()
            .map(|agent| json!({"agent": agent.name, "model": agent.model, "price_known": agent.price.is_some()}))
            .collect();
        escape::visible_json(&json!({
            "version": 1, "prices_of": models::AS_OF, "targets": targets, "agents": agents,
            "cost_micros": {"least": least, "most": most}
        }))
    } else {
        let mut out = String::new();
        // Writing to a String cannot fail.
        for (name, one) in names.iter().zip(measured) {
            let name = escape::terminal_within(name, MAX_NAME);
            let _ = match one {
                Ok(one) => {
                    writeln!(
                        out,
                        "{name}: {}, {} bytes, about {} tokens",
                        count(one.files, "file"),
                        one.bytes,
                        one.tokens()
                    )
                }
                Err(reason) => writeln!(out, "{name}: not known: {}", escape::terminal_within(reason, 200)),
            };
        }
        for agent in unpriced {
            let name = escape::terminal_within(&agent.name, MAX_NAME);
            let _ = match &agent.model {
                Some(model) => {
                    let model = escape::terminal_within(model, MAX_NAME);
                    writeln!(
                        out,
                        "{name}: the price of {model} is not known: say it with --input-price and --output-price"
                    )
                }
                None => writeln!(out, "{name}: no model was named"),
            };
        }
        let _ = writeln!(
            out,
            "cost: at least {} US dollars, to read everything once; at most {}, with all that the budgets allow (prices of {})",
            Micros(least),
            Micros(most),
            models::AS_OF
        );
        out
    };
    ui.result(&text)?;
    Ok(if unfinished { exit::UNFINISHED } else { exit::CLEAN })
}
