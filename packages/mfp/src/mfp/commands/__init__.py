"""The commands of `mfp`, a module each; a new one is a line here."""

from mfp.lazy import Entry

COMMANDS = {
    "list": Entry("mfp.commands.list", "Find the flows of a repository without running any code."),
    "convert": Entry("mfp.commands.convert", "Convert one flow to a Prefect flow file."),
    "convert-all": Entry("mfp.commands.convert_all", "Convert the flows of a repository."),
    "deploy": Entry("mfp.commands.deploy", "Convert the flows of a repository and deploy them."),
}
