"""Inputs: the tables that the rule files show. Outputs: results/tables/, to read in the report."""


rule render_tables:
    """Tables as pages to read in the report."""
    localrule: True
    input:
        tables=expand("results/{table}.parquet", table=SHOWN),
        template=local(relpath(WORKFLOW / "scalestream" / "report" / "templates" / "table.html")),
    output:
        [
            report(
                f"results/tables/{table}.html",
                category=category,
                subcategory=SUBCATEGORY,
                caption=f"../report/tables/{table}.rst",
                labels={"result": f"table: {table.replace('_', ' ')}", "blocks": "all"},
            )
            for table, (category, _) in SHOWN.items()
        ],
    params:
        code=code("render_tables", *(schema for _, schema in SHOWN.values())),
        settings={"schemas": {table: schema for table, (_, schema) in SHOWN.items()}},
    log:
        "logs/render_tables.log",
    benchmark:
        "results/benchmarks/render_tables.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/render_tables.py"
