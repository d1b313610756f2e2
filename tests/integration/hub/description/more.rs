//! Endpoints that the description beside the corpus leaves out, as GitHub's documentation has them: of the same parameters and
//! schemas as their neighbours.

use serde_json::{Value, json};

const REPO: &str = "/repos/{owner}/{repo}";

pub(super) fn add(text: &mut Value) {
    let secrets = text["paths"][format!("{REPO}/actions/secrets")]["get"].clone();
    let environment =
        json!({ "name": "environment_name", "in": "path", "required": true, "schema": { "type": "string" } });
    let list = |field: &str, item: Value, environment: Option<&Value>| {
        let mut operation = secrets.clone();
        operation["parameters"].as_array_mut().unwrap().extend(environment.cloned());
        operation["responses"]["200"]["content"]["application/json"]["schema"] = json!({ "type": "object",
            "properties": { "total_count": { "type": "integer" }, field: { "type": "array", "items": item } },
            "required": ["total_count", field] });
        json!({ "get": operation })
    };
    let secret = json!({ "$ref": "#/components/schemas/actions-secret" });
    let variable = json!({ "$ref": "#/components/schemas/actions-variable" });
    let states = ["active", "deleted", "disabled_fork", "disabled_inactivity", "disabled_manually"];
    let names = ["node_id", "name", "path", "url", "html_url", "badge_url", "created_at", "updated_at"];
    let mut workflow = json!({ "type": "object", "required": ["id", "state"],
        "properties": { "id": { "type": "integer" }, "state": { "type": "string", "enum": states } } });
    for name in names {
        workflow["properties"][name] = json!({ "type": "string" });
        workflow["required"].as_array_mut().unwrap().push(json!(name));
    }
    let app = json!({ "get": {
        "parameters": [{ "name": "app_slug", "in": "path", "required": true, "schema": { "type": "string" } }],
        "responses": { "200": { "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/integration" } } } } } } });
    for (path, described) in [
        (format!("{REPO}/actions/variables"), list("variables", variable.clone(), None)),
        (format!("{REPO}/actions/workflows"), list("workflows", workflow, None)),
        (format!("{REPO}/environments/{{environment_name}}/secrets"), list("secrets", secret, Some(&environment))),
        (
            format!("{REPO}/environments/{{environment_name}}/variables"),
            list("variables", variable, Some(&environment)),
        ),
        ("/apps/{app_slug}".to_owned(), app),
    ] {
        // A later description may have them.
        text["paths"].as_object_mut().unwrap().entry(path).or_insert(described);
    }
}
