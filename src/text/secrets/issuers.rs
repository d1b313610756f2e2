//! What the credentials of each issuer look like. Sources: the issuers' own documentation of their formats.

use super::check::{
    aws_key_id, aws_secret, azure_key, between, checksummed, jwt, openai, password_in_url, private_key, segments,
    slack, slack_webhook, telegram,
};
use super::shape::{Alphabet, Found, Shape};

/// A credential with nothing but a prefix, an alphabet and a length: it is real when it is random.
const fn random(prefix: &'static str, kind: &'static str, body: Alphabet, min: usize, max: usize) -> Shape {
    Shape { prefix, kind, body, length: (min, max), find: between }
}

/// A credential that ends with a checksum of the rest.
const fn sum(prefix: &'static str, kind: &'static str) -> Shape {
    // 30 random characters and a CRC-32 in base 62, 6 characters.
    Shape { prefix, kind, body: Alphabet::Base62, length: (36, 36), find: checksummed }
}

/// A credential with a structure of its own.
const fn special(prefix: &'static str, kind: &'static str, find: fn(&Shape, &str, &str) -> Option<Found>) -> Shape {
    Shape { prefix, kind, body: Alphabet::Base64Url, length: (0, 0), find }
}

use Alphabet::{Base32, Base62, Base64Url, Hex};

/// Every kind that is looked for.
pub(super) static SHAPES: &[Shape] = &[
    // Code hosts and package registries
    sum("ghp_", "a GitHub personal access token"),
    sum("gho_", "a GitHub OAuth token"),
    sum("ghu_", "a GitHub App user token"),
    sum("ghs_", "a GitHub App installation token"),
    sum("ghr_", "a GitHub refresh token"),
    random("github_pat_", "a GitHub fine-grained token", Base64Url, 82, 82),
    random("glpat-", "a GitLab personal access token", Base64Url, 20, 64),
    random("gldt-", "a GitLab deploy token", Base64Url, 20, 64),
    random("glrt-", "a GitLab runner token", Base64Url, 20, 64),
    random("glptt-", "a GitLab trigger token", Base64Url, 20, 64),
    random("ATATT3x", "an Atlassian API token", Base64Url, 120, 240),
    sum("npm_", "an npm token"),
    random("pypi-AgEIcHlwaS5vcmc", "a PyPI token", Base64Url, 50, 400),
    random("rubygems_", "a RubyGems key", Hex, 48, 48),
    random("dckr_pat_", "a Docker access token", Base64Url, 27, 27),
    random("dckr_oat_", "a Docker organisation token", Base64Url, 32, 64),
    // Clouds
    special("AKIA", "an AWS access key", aws_key_id),
    special("ASIA", "a temporary AWS access key", aws_key_id),
    special("aws_secret_access_key", "an AWS secret key", aws_secret),
    special("AWS_SECRET_ACCESS_KEY", "an AWS secret key", aws_secret),
    special("secretAccessKey", "an AWS secret key", aws_secret),
    special("AccountKey=", "an Azure storage key", azure_key),
    random("AIza", "a Google API key", Base64Url, 35, 35),
    random("GOCSPX-", "a Google OAuth client secret", Base64Url, 28, 28),
    random("ya29.", "a Google access token", Base64Url, 60, 1_000),
    random("dop_v1_", "a DigitalOcean token", Hex, 64, 64),
    random("doo_v1_", "a DigitalOcean OAuth token", Hex, 64, 64),
    random("hvs.", "a Vault token", Base64Url, 24, 200),
    random("pul-", "a Pulumi token", Hex, 40, 40),
    random("dp.pt.", "a Doppler token", Base62, 40, 44),
    // Model providers
    special("T3BlbkFJ", "an OpenAI key", openai),
    random("sk-ant-api03-", "an Anthropic API key", Base64Url, 80, 120),
    random("sk-ant-admin01-", "an Anthropic admin key", Base64Url, 80, 120),
    random("sk-ant-oat01-", "an Anthropic OAuth token", Base64Url, 80, 120),
    random("sk-or-v1-", "an OpenRouter key", Hex, 64, 64),
    random("gsk_", "a Groq key", Base62, 52, 52),
    random("xai-", "an xAI key", Base62, 80, 80),
    random("pplx-", "a Perplexity key", Base62, 40, 56),
    random("hf_", "a Hugging Face token", Base62, 34, 34),
    random("r8_", "a Replicate token", Base62, 37, 37),
    random("tvly-", "a Tavily key", Base64Url, 32, 48),
    random("fc-", "a Firecrawl key", Hex, 32, 32),
    // Talking and paying
    special("xoxb-", "a Slack bot token", slack),
    special("xoxp-", "a Slack user token", slack),
    special("xoxa-", "a Slack token", slack),
    special("xoxr-", "a Slack refresh token", slack),
    special("xoxs-", "a Slack session token", slack),
    special("xapp-", "a Slack app token", slack),
    special("hooks.slack.com/services/", "a Slack webhook", slack_webhook),
    special(":AA", "a Telegram bot token", telegram),
    random("sk_live_", "a Stripe secret key", Base62, 24, 250),
    random("rk_live_", "a Stripe restricted key", Base62, 24, 250),
    random("whsec_", "a webhook's signing secret", Base62, 32, 64),
    random("sq0csp-", "a Square secret", Base64Url, 43, 43),
    random("shpat_", "a Shopify access token", Hex, 32, 32),
    random("shpss_", "a Shopify shared secret", Hex, 32, 32),
    Shape { prefix: "SG.", kind: "a SendGrid key", body: Base64Url, length: (22, 43), find: segments },
    random("SK", "a Twilio API key", Hex, 32, 32),
    // Tools
    random("lin_api_", "a Linear key", Base62, 40, 40),
    random("ntn_", "a Notion token", Base62, 40, 50),
    random("figd_", "a Figma token", Base64Url, 40, 48),
    random("sbp_", "a Supabase token", Hex, 40, 40),
    random("napi_", "a Neon key", Base62, 60, 70),
    random("dapi", "a Databricks token", Hex, 32, 32),
    random("NRAK-", "a New Relic key", Base62, 27, 27),
    random("glsa_", "a Grafana service account token", Base64Url, 41, 41),
    random("sntrys_", "a Sentry token", Base64Url, 40, 300),
    random("phx_", "a PostHog key", Base62, 40, 50),
    random("AGE-SECRET-KEY-1", "an age key", Base32, 58, 58),
    // Formats that anybody may issue
    special("-----BEGIN ", "a private key", private_key),
    special("eyJ", "a signed web token (JWT)", jwt),
    special("://", "a password in an address", password_in_url),
];
