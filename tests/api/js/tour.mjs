// tour.mjs ENDPOINT FOLDER: a walk through the API with @aws-sdk/client-sfn (installed in FOLDER) as a program for AWS would use
// it. Ends with 0 when all was as expected.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const [endpoint, folder] = process.argv.slice(2);
const sfn = createRequire(`${folder}/`)("@aws-sdk/client-sfn");
const client = new sfn.SFNClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
  disableHostPrefix: true, // StartSyncExecution and TestState put `sync-` before the host's name
});
const call = (operation, members = {}) => client.send(new sfn[`${operation}Command`](members));
const roleArn = "arn:aws:iam::000000000000:role/tour";
const definition = (states) => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
const pass = definition({ A: { Type: "Pass", Result: { n: 1 }, Next: "B" }, B: { Type: "Pass", End: true } });

async function ended(executionArn) {
  for (;;) {
    const execution = await call("DescribeExecution", { executionArn });
    if (execution.status !== "RUNNING") {
      return execution;
    }
    await sleep(50);
  }
}

async function history(executionArn) {
  const events = [];
  for await (const page of sfn.paginateGetExecutionHistory({ client, pageSize: 2 }, { executionArn })) {
    assert.ok(page.events.length <= 2);
    events.push(...page.events);
  }
  return events;
}

async function machines() {
  const made = await call("CreateStateMachine", { name: "js-pass", definition: pass, roleArn, tags: [{ key: "a", value: "b" }] });
  assert.ok(made.creationDate instanceof Date);
  const arn = made.stateMachineArn;
  assert.deepEqual((await call("ListTagsForResource", { resourceArn: arn })).tags, [{ key: "a", value: "b" }]);
  const { executionArn } = await call("StartExecution", { stateMachineArn: arn, name: "one", input: '{"order":7}' });
  const execution = await ended(executionArn);
  assert.equal(execution.status, "SUCCEEDED");
  assert.equal(execution.output, '{"n":1}');
  assert.ok(execution.stopDate >= execution.startDate);
  const events = await history(executionArn);
  assert.deepEqual(events.map((event) => event.id), [1, 2, 3, 4, 5, 6]);
  assert.equal(events[0].executionStartedEventDetails.input, '{"order":7}');
  const names = [];
  for await (const page of sfn.paginateListExecutions({ client, pageSize: 1 }, { stateMachineArn: arn })) {
    names.push(...page.executions.map((one) => one.name));
  }
  assert.deepEqual(names, ["one"]);
  await assert.rejects(call("StartExecution", { stateMachineArn: arn, name: "one", input: "{}" }), sfn.ExecutionAlreadyExists);
  await assert.rejects(call("StartExecution", { stateMachineArn: arn, input: "{" }), sfn.InvalidExecutionInput);
  await assert.rejects(call("CreateStateMachine", { name: "js-bad", definition: "{}", roleArn }), sfn.InvalidDefinition);
  await assert.rejects(call("DescribeStateMachine", { stateMachineArn: `${arn}-not` }), (error) => {
    assert.ok(error instanceof sfn.StateMachineDoesNotExist);
    assert.equal(error.message, `State Machine Does Not Exist: '${arn}-not'`);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
  return arn;
}

async function versions(stateMachineArn) {
  const first = await call("PublishStateMachineVersion", { stateMachineArn });
  assert.equal(first.stateMachineVersionArn, `${stateMachineArn}:1`);
  const alias = await call("CreateStateMachineAlias", {
    name: "live", routingConfiguration: [{ stateMachineVersionArn: first.stateMachineVersionArn, weight: 100 }],
  });
  const { executionArn } = await call("StartExecution", { stateMachineArn: alias.stateMachineAliasArn });
  assert.equal((await ended(executionArn)).stateMachineAliasArn, alias.stateMachineAliasArn);
  await assert.rejects(call("DeleteStateMachineVersion", first), sfn.ConflictException);
  await call("DeleteStateMachineAlias", alias);
  await call("DeleteStateMachineVersion", first);
  assert.deepEqual((await call("ListStateMachineVersions", { stateMachineArn })).stateMachineVersions, []);
}

async function activities() {
  const { activityArn } = await call("CreateActivity", { name: "js-approve" });
  const { stateMachineArn } = await call("CreateStateMachine", {
    name: "js-approval", roleArn, definition: definition({ A: { Type: "Task", Resource: activityArn, End: true } }),
  });
  const { executionArn } = await call("StartExecution", { stateMachineArn, input: '{"n":1}' });
  const task = await call("GetActivityTask", { activityArn, workerName: "js" });
  assert.equal(task.input, '{"n":1}');
  await call("SendTaskHeartbeat", { taskToken: task.taskToken });
  await assert.rejects(call("SendTaskSuccess", { taskToken: task.taskToken, output: "{" }), sfn.InvalidOutput);
  await call("SendTaskSuccess", { taskToken: task.taskToken, output: '{"approved":true}' });
  assert.equal((await ended(executionArn)).output, '{"approved":true}');
  await assert.rejects(call("SendTaskSuccess", { taskToken: task.taskToken, output: "1" }), sfn.TaskTimedOut);
  await assert.rejects(call("SendTaskHeartbeat", { taskToken: "none" }), sfn.InvalidToken);
  const second = await call("StartExecution", { stateMachineArn, name: "stopped" });
  await call("StopExecution", { executionArn: second.executionArn, error: "Enough", cause: "of it" });
  const stopped = await ended(second.executionArn);
  assert.deepEqual([stopped.status, stopped.error, stopped.cause], ["ABORTED", "Enough", "of it"]);
  await call("DeleteActivity", { activityArn });
  await call("DeleteStateMachine", { stateMachineArn });
}

async function redrive() {
  const { activityArn } = await call("CreateActivity", { name: "js-redrive" });
  const { stateMachineArn } = await call("CreateStateMachine", {
    name: "js-redrive", roleArn, definition: definition({ A: { Type: "Task", Resource: activityArn, End: true } }),
  });
  const { executionArn } = await call("StartExecution", { stateMachineArn });
  const first = await call("GetActivityTask", { activityArn });
  await assert.rejects(call("RedriveExecution", { executionArn }), sfn.ExecutionNotRedrivable);
  await call("SendTaskFailure", { taskToken: first.taskToken, error: "E" });
  const failed = await ended(executionArn);
  assert.deepEqual([failed.status, failed.redriveStatus, failed.redriveCount], ["FAILED", "REDRIVABLE", 0]);
  const { redriveDate } = await call("RedriveExecution", { executionArn });
  const second = await call("GetActivityTask", { activityArn });
  assert.notEqual(second.taskToken, first.taskToken);
  await call("SendTaskSuccess", { taskToken: second.taskToken, output: "7" });
  const done = await ended(executionArn);
  assert.deepEqual([done.status, done.output, done.redriveCount, done.redriveDate], ["SUCCEEDED", "7", 1, redriveDate]);
  const told = (await history(executionArn)).filter((event) => event.type === "ExecutionRedriven");
  assert.deepEqual(told.map((event) => event.executionRedrivenEventDetails.redriveCount), [1]);
  await call("DeleteActivity", { activityArn });
  await call("DeleteStateMachine", { stateMachineArn });
}

async function express() {
  const { stateMachineArn } = await call("CreateStateMachine", { name: "js-express", definition: pass, roleArn, type: "EXPRESS" });
  const answer = await call("StartSyncExecution", { stateMachineArn, input: "{}" });
  assert.equal(answer.status, "SUCCEEDED");
  assert.equal(answer.billingDetails.billedMemoryUsedInMB, 64);
  await call("DeleteStateMachine", { stateMachineArn });
}

async function testing() {
  const state = { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: { FunctionName: "f" }, ResultSelector: { "n.$": "$.Payload" }, End: true };
  const tested = await call("TestState", {
    definition: JSON.stringify(state), roleArn, inspectionLevel: "DEBUG", mock: { result: '{"StatusCode":200,"Payload":5}' },
  });
  assert.deepEqual([tested.status, tested.output, tested.inspectionData.afterResultSelector], ["SUCCEEDED", '{"n":5}', '{"n":5}']);
  const checked = await call("ValidateStateMachineDefinition", { definition: '{"States":{}}' });
  assert.equal(checked.result, "FAIL");
  assert.ok(checked.diagnostics.length > 0);
}

const arn = await machines();
await versions(arn);
await activities();
await redrive();
await express();
await testing();
await call("DeleteStateMachine", { stateMachineArn: arn });
