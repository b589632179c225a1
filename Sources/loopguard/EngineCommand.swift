import ArgumentParser
struct EngineCommand: AsyncParsableCommand { static let configuration = CommandConfiguration(commandName: "engine") }
