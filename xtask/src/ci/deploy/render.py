# SPDX-License-Identifier: Apache-2.0
"""render.py CHART VALUES OUT: lints a chart with a file of values, and writes what it renders to.

VALUES may be `-` for none. What is wrong goes to stderr, and the exit code is 1.
"""

import sys

import helm_python as helm
import yaml

chart, values, out = sys.argv[1:]
if values == "-":
    values = {}
else:
    with open(values, encoding="utf-8") as file:
        values = yaml.safe_load(file)
try:
    report = helm.lint(chart, values, strict=True)
    with helm.Chart.load(chart) as loaded:
        rendered = loaded.render(values, name="lanner", namespace="lanner")
except helm.HelmError as error:
    sys.exit(str(error))
# 1 is information.
wrong = [message for message in report["messages"] if message["severity"] > 1]
if wrong or report["errors"]:
    sys.exit(f"{wrong} {report['errors']}")
manifests = [text for path, text in sorted(rendered.items()) if path.endswith(".yaml") and text.strip()]
with open(out, "w", encoding="utf-8") as file:
    file.write("---\n".join(manifests))
