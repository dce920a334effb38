"""Tell Metaflow what this extension adds."""

CLIS_DESC = [("prefect", ".cli_prefect.cli")]
