//! Whose models are used, and where: the options that `proxy` and `review` have in common.

use super::refuse;
use crate::context::Context;
use crate::error::CommandError;
use crate::proxy::Provider;
use crate::proxy::upstreams::{self, Auth, Upstreams};
use clap::{Args, ValueEnum};

/// Where providers are, and how keys are shown there.
#[derive(Debug, Clone, Args)]
pub(super) struct ProviderArgs {
    /// Where calls for Anthropic go, without `/v1/messages`; also ANTHROPIC_BASE_URL.
    #[arg(long, value_name = "URL", help_heading = "Providers")]
    anthropic_base_url: Option<String>,
    /// The header that shows the key there.
    #[arg(long, value_enum, value_name = "HEADER", default_value_t = AnthropicAuth::XApiKey, help_heading = "Providers")]
    anthropic_auth: AnthropicAuth,
    /// Where calls for OpenAI go, without `/responses` or `/chat/completions`; also OPENAI_BASE_URL.
    #[arg(long, value_name = "URL", help_heading = "Providers")]
    openai_base_url: Option<String>,
    /// The header that shows the key there.
    #[arg(long, value_enum, value_name = "HEADER", default_value_t = OpenAiAuth::Bearer, help_heading = "Providers")]
    openai_auth: OpenAiAuth,
    /// Azure's version of the API: added to the address of calls for OpenAI as `?api-version=`.
    #[arg(long, value_name = "VALUE", value_parser = upstreams::api_version, help_heading = "Providers")]
    api_version: Option<String>,
    /// Let these addresses be http: a model of your own.
    #[arg(long, help_heading = "Providers")]
    allow_http_upstream: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnthropicAuth {
    /// `x-api-key: KEY`.
    XApiKey,
    /// `authorization: Bearer KEY`.
    Bearer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OpenAiAuth {
    /// `authorization: Bearer KEY`.
    Bearer,
    /// `api-key: KEY`.
    ApiKey,
}

impl ProviderArgs {
    /// What is said, else what the environment says, else the providers' own.
    ///
    /// # Errors
    /// When an address is not a base address.
    pub(super) fn upstreams(&self, context: &Context) -> Result<Upstreams, CommandError> {
        let base = |provider: Provider, said: &Option<String>, environment: &Option<String>| {
            let text = said.as_deref().or(environment.as_deref()).unwrap_or(provider.default_base_url());
            upstreams::base_url(provider, text).map_err(|error| refuse(error.to_string()))
        };
        Ok(Upstreams {
            anthropic_base_url: base(Provider::Anthropic, &self.anthropic_base_url, &context.anthropic_base_url)?,
            anthropic_auth: match self.anthropic_auth {
                AnthropicAuth::XApiKey => Auth::XApiKey,
                AnthropicAuth::Bearer => Auth::Bearer,
            },
            openai_base_url: base(Provider::OpenAi, &self.openai_base_url, &context.openai_base_url)?,
            openai_auth: match self.openai_auth {
                OpenAiAuth::Bearer => Auth::Bearer,
                OpenAiAuth::ApiKey => Auth::ApiKey,
            },
            api_version: self.api_version.clone(),
            allow_http: self.allow_http_upstream,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::super::{Cli, Command};
    use crate::context::Context;
    use crate::proxy::Api;
    use clap::Parser;

    /// The words of a command, as a shell reads what the page has: words, and words in single quotes.
    fn words(command: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        for (index, part) in command.split('\'').enumerate() {
            if index % 2 == 1 {
                words.last_mut().unwrap().push_str(part);
                continue;
            }
            for (index, word) in part.split_whitespace().enumerate() {
                if index > 0 || part.starts_with(' ') {
                    words.push(String::new());
                }
                words.last_mut().unwrap().push_str(word);
            }
        }
        words
    }

    #[test]
    fn every_command_of_the_page_means_what_it_says() {
        let page = include_str!("../../docs/providers.md");
        let blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap().replace("\\\n", " "));
        let mut shown = String::new();
        for block in blocks {
            let mut context = Context::from_process();
            (context.anthropic_base_url, context.openai_base_url) = (None, None);
            let all = words(&block);
            let at = all.iter().position(|word| word == "mcp-registry").unwrap_or_else(|| panic!("{block}"));
            for word in &all[..at] {
                match word.split_once('=') {
                    Some(("ANTHROPIC_BASE_URL", url)) => context.anthropic_base_url = Some(url.to_owned()),
                    Some(("OPENAI_BASE_URL", url)) => context.openai_base_url = Some(url.to_owned()),
                    _ => {}
                }
            }
            let cli = Cli::try_parse_from(&all[at..]).unwrap_or_else(|error| panic!("{block}: {error}"));
            let upstreams = match &cli.command {
                Command::Review(args) => args.providers().upstreams(&context).unwrap(),
                Command::Proxy(args) => args.providers().upstreams(&context).unwrap(),
                _ => panic!("{block}"),
            };
            upstreams.check().unwrap_or_else(|error| panic!("{block}: {error}"));
            // Whose key is given is who is asked.
            let whose = |provider: crate::proxy::Provider| block.to_lowercase().contains(&format!("{provider}_"));
            let named = all.iter().position(|word| word == "--provider").and_then(|at| all.get(at + 1));
            for api in Api::ALL.into_iter().filter(|api| whose(api.provider())) {
                if named.is_none_or(|named| named == api.as_str()) {
                    shown += &format!("{} by {}\n", upstreams.url(api), upstreams.auth(api.provider()));
                }
            }
        }
        insta::assert_snapshot!(shown, @r"
        https://api.anthropic.com/v1/messages by x-api-key
        https://api.openai.com/v1/responses by bearer
        https://api.openai.com/v1/chat/completions by bearer
        https://api.openai.com/v1/chat/completions by bearer
        https://resource.openai.azure.com/openai/v1/responses by api-key
        https://resource.openai.azure.com/openai/deployments/DEPLOYMENT/chat/completions?api-version=2024-10-21 by api-key
        https://openrouter.ai/api/v1/chat/completions by bearer
        https://openrouter.ai/api/v1/messages by bearer
        http://127.0.0.1:11434/v1/chat/completions by bearer
        https://ollama.com/v1/messages by bearer
        http://127.0.0.1:8080/v1/chat/completions by bearer
        http://vllm:8000/v1/chat/completions by bearer
        http://litellm:4000/v1/chat/completions by bearer
        http://127.0.0.1:11434/v1/responses by bearer
        http://127.0.0.1:11434/v1/chat/completions by bearer
        ");
        for name in [
            "Anthropic",
            "OpenAI",
            "Azure OpenAI",
            "OpenRouter",
            "Ollama",
            "llama.cpp",
            "vLLM",
            "LiteLLM, for Bedrock and Vertex",
        ] {
            assert!(page.contains(&format!("\n## {name}\n")), "{name}");
        }
    }
}
