"""Stands for the services beside Step Functions that a conformance case sets up before it begins: it knows their names and
ARNs, and nothing else. What a task asks of them is answered from the case."""


def sqs_queue(params, region, account):
    return {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{params['QueueName']}"}


def sqs_attributes(params, region, account):
    return {"Attributes": {"QueueArn": f"arn:aws:sqs:{region}:{account}:{params['QueueUrl'].rsplit('/', 1)[-1]}"}}


def sns_topic(params, region, account):
    return {"TopicArn": f"arn:aws:sns:{region}:{account}:{params['Name']}"}


def log_groups(params, region, account):
    name = params["logGroupNamePrefix"]
    return {"logGroups": [{"logGroupName": name, "arn": f"arn:aws:logs:{region}:{account}:log-group:{name}:*"}]}


def rule(params, region, account):
    return {"RuleArn": f"arn:aws:events:{region}:{account}:rule/{params['Name']}"}


ANSWERS = {("sqs", "CreateQueue"): sqs_queue, ("sqs", "GetQueueAttributes"): sqs_attributes,
           ("sns", "CreateTopic"): sns_topic, ("logs", "DescribeLogGroups"): log_groups, ("events", "PutRule"): rule}


def answer(service, operation, params, region, account):
    """The members of the answer that a later step may use; {} where nothing of it is known."""
    return ANSWERS.get((service, operation), lambda *_: {})(params, region, account)
