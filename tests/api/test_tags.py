"""Tags of state machines and activities."""
import service as s
from test_machines import refused


def test_tags(client):
    tags = [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]
    machine = client.create_state_machine(name="tagged", definition=s.PASS, roleArn=s.ROLE, tags=tags)["stateMachineArn"]
    activity = client.create_activity(name="tagged", tags=tags)["activityArn"]
    for arn in (machine, activity):
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == tags
        client.tag_resource(resourceArn=arn, tags=[{"key": "c", "value": "3"}])
        client.untag_resource(resourceArn=arn, tagKeys=["a", "none"])
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [tags[1], {"key": "c", "value": "3"}]
        refused(client.tag_resource, "ResourceNotFound", f"Resource not found: '{arn}-no'", resourceArn=f"{arn}-no", tags=[])
        refused(client.list_tags_for_resource, "ResourceNotFound", resourceArn=f"{arn}-no")
    refused(client.list_tags_for_resource, "InvalidArn", resourceArn="no")


def test_activities(client):
    made = client.create_activity(name="listed")
    assert client.create_activity(name="listed")["creationDate"] == made["creationDate"]
    shown = client.describe_activity(activityArn=made["activityArn"])
    assert shown["name"] == "listed" and shown["creationDate"] == made["creationDate"]
    pages = client.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 1})
    assert made["activityArn"] in [item["activityArn"] for page in pages for item in page["activities"]]
    client.delete_activity(activityArn=made["activityArn"])
    client.delete_activity(activityArn=made["activityArn"])
    refused(client.describe_activity, "ActivityDoesNotExist", activityArn=made["activityArn"])
    refused(client.create_activity, "InvalidName", "Invalid Name: 'a b'", name="a b")
