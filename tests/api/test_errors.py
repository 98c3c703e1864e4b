"""Every exception that the model declares for an operation happens, or a table says why it can't."""
import pytest

import provocations as p
import service as s
import service_model as m

DECLARED = sorted((operation, error) for operation in m.OPERATIONS for error in m.errors_of(operation))


def reason(pair):
    if pair[1].startswith("Kms"):
        return p.NO_KMS
    return p.OUT_OF_REACH.get(pair)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    service = s.Service(tmp_path_factory.mktemp("errors"), **p.Scene.SETTINGS).start()
    made = p.Scene(service)
    yield made
    made.close()
    assert service.stop() == 0


def test_the_table_is_whole():
    """Each declared exception is in one of the two tables, and nothing else is."""
    provoked, unreached = set(p.PROVOCATIONS), {pair for pair in DECLARED if reason(pair)}
    assert not provoked & unreached
    assert provoked | unreached == set(DECLARED)
    assert set(p.OUT_OF_REACH) <= set(DECLARED)


@pytest.mark.parametrize("operation,error", sorted(p.PROVOCATIONS))
def test_every_exception(scene, operation, error):
    exception, message = p.PROVOCATIONS[operation, error](scene)
    assert exception == error, message
    assert message, "AWS says why"
    assert (operation, error) in scene.service.answers.errors


MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:reason"
REASONS = {
    "API_DOES_NOT_SUPPORT_LABELED_ARNS": ("start_execution", {"stateMachineArn": f"{MACHINE}/label"}),
    "MISSING_REQUIRED_PARAMETER": ("list_executions", {}),
    "INVALID_ROUTING_CONFIGURATION": ("create_state_machine_alias", {"name": "reason", "routingConfiguration": [
        {"stateMachineVersionArn": f"{MACHINE}:1", "weight": 99}]}),
    None: ("create_state_machine_alias", {"name": "1", "routingConfiguration": [
        {"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}]}),
}


@pytest.mark.parametrize("reason", REASONS)
def test_reason_of_validation_exception(client, reason):
    operation, members = REASONS[reason]
    with pytest.raises(client.exceptions.ValidationException) as caught:
        getattr(client, operation)(**members)
    assert caught.value.response.get("reason") == reason
