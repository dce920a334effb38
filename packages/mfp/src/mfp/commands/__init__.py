"""The commands of `mfp`, a module each; a new one is a line here."""

from mfp.lazy import Entry

COMMANDS = {
    "list": Entry("mfp.commands.list", "Find the flows of a repository without running any code."),
    "convert": Entry("mfp.commands.convert", "Convert one flow to a Prefect flow file."),
    "convert-all": Entry("mfp.commands.convert_all", "Convert the flows of a repository."),
    "run": Entry("mfp.commands.run", "Run one flow with Prefect, leaving no file."),
    "show": Entry("mfp.commands.show", "Show the graph of a flow."),
    "settings": Entry("mfp.commands.settings", "Show the settings in force, and from where."),
    "doctor": Entry("mfp.commands.doctor", "Say whether flows can be run and deployed from here."),
    "action": Entry("mfp.commands.action", "Run a step of the GitHub Action.", hidden=True),
    "deploy": Entry("mfp.commands.deploy", "Convert the flows of a repository and deploy them."),
}
