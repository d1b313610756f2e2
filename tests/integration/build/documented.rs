//! The commands of docs/build.md do what it says.

use super::lab::Lab;
use crate::image_registry::ImageRegistry;

#[test]
fn the_commands_of_the_documentation_work() {
    let Some((lab, images)) = Lab::new().zip(ImageRegistry::start()) else { return };
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/build.md")).unwrap();
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ mcp-registry ")).collect();
    assert!(commands.len() >= 6, "{commands:?}");
    let server = "while read -r line; do id=$(echo \"$line\" | /bin/busybox sed -n 's/.*\"id\":\\([0-9]*\\).*/\\1/p'); case $line in \
                  *initialize\\\"*) echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":$id,\\\"result\\\":{\\\"protocolVersion\\\":\\\"2025-06-18\\\",\\\"capabilities\\\":{\\\"tools\\\":{}},\\\"serverInfo\\\":{\\\"name\\\":\\\"x\\\",\\\"version\\\":\\\"1\\\"}}}\" ;; \
                  *tools/list*) echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":$id,\\\"result\\\":{\\\"tools\\\":[]}}\" ;; esac; done\n";
    lab.busybox().write("server.sh", server).write(
        "Dockerfile",
        "FROM scratch\nCOPY busybox /bin/busybox\nCOPY server.sh /\nENTRYPOINT [\"/bin/busybox\", \"sh\", \"/server.sh\"]\n",
    );
    lab.entry("weather", "");
    for command in commands {
        let arguments: Vec<String> =
            command.split(' ').map(|word| word.replace("localhost:5000", &images.host)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = lab.run(&arguments);
        assert_eq!(output.status, 0, "{command}: {}", output.stderr);
    }
    for file in ["digests.json", "weather.build.json", "build.log", "servers/weather/tools.json"] {
        assert!(lab.registry.root().join(file).exists(), "{file}");
    }
}
