-- What retention looks for among the supervisors: those that ended and still have checkpoints.

create index supervisor_states_forgettable on holdfast.supervisor_states (ended_at) where ended_at is not null and checkpoint is not null;
