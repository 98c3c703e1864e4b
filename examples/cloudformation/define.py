#!/usr/bin/env python3
"""Creates, or updates, the state machines of a CloudFormation template (in JSON, as `cdk synth` writes it) by the API.

    define.py TEMPLATE [--endpoint URL] [--set LOGICAL_ID=VALUE]…

What the template refers to (Ref, Fn::GetAtt) is what --set says of the resource: the ARN of a function, say. Roles need none.
pawl has no CloudFormation: this is what `cdk deploy` would do of it.
"""
import argparse
import json
import re
import sys

import boto3

ROLE = "arn:aws:iam::000000000000:role/cloudformation"


class Template:
    def __init__(self, text, values):
        self.resources = json.loads(text)["Resources"]
        self.values = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "000000000000", **values}

    def machines(self):
        return {name: resource["Properties"] for name, resource in self.resources.items()
                if resource["Type"] == "AWS::StepFunctions::StateMachine"}

    def value(self, name):
        if name not in self.values and self.resources.get(name, {}).get("Type") != "AWS::IAM::Role":
            sys.exit(f"what is {name}? Give --set {name}=VALUE")
        return self.values.get(name, ROLE)

    def text(self, value):
        """A property's text: itself, or what a function of CloudFormation makes of it."""
        if isinstance(value, str):
            return value
        (function, argument), = value.items()
        if function == "Ref":
            return self.value(argument)
        if function == "Fn::GetAtt":
            return self.value(argument[0] if isinstance(argument, list) else argument.split(".")[0])
        if function == "Fn::Join":
            return argument[0].join(map(self.text, argument[1]))
        if function == "Fn::Sub" and isinstance(argument, str):
            return re.sub(r"\$\{([\w:]+)[^}]*\}", lambda found: self.value(found.group(1)), argument)
        return sys.exit(f"{function} is not understood")

    def definition(self, properties):
        text = self.text(properties["DefinitionString"]) if "DefinitionString" in properties else json.dumps(properties["Definition"])
        substitutions = {name: self.text(value) for name, value in properties.get("DefinitionSubstitutions", {}).items()}
        return re.sub(r"\$\{(\w+)\}", lambda found: substitutions.get(found.group(1), found.group()), text)


def define(client, name, definition, role, kind):
    try:
        return client.create_state_machine(name=name, definition=definition, roleArn=role, type=kind)["stateMachineArn"]
    except client.exceptions.StateMachineAlreadyExists as error:
        arn = re.search(r"'(.*)'", error.response["Error"]["Message"]).group(1)
        client.update_state_machine(stateMachineArn=arn, definition=definition, roleArn=role)
        return arn


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("template")
    parser.add_argument("--endpoint")
    parser.add_argument("--set", action="append", default=[], metavar="LOGICAL_ID=VALUE")
    options = parser.parse_args()
    with open(options.template, encoding="utf-8") as file:
        template = Template(file.read(), dict(one.split("=", 1) for one in options.set))
    client = boto3.client("stepfunctions", endpoint_url=options.endpoint, region_name="us-east-1", aws_access_key_id="any",
                          aws_secret_access_key="any")
    for name, properties in template.machines().items():
        print(define(client, template.text(properties.get("StateMachineName", name)), template.definition(properties),
                     template.text(properties["RoleArn"]), properties.get("StateMachineType", "STANDARD")))


if __name__ == "__main__":
    main()
