PRAGMA application_id = 1131769932;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE checkpoints (
  checkpoint_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  directory TEXT NOT NULL,
  manifest_sha256 TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
INSERT INTO "checkpoints" VALUES(1,1,2,'checkpoints/step-000002','f044bf4775d4716af86dc4479c67c255162712986930a6108df755fbcaa5ca8a','2026-11-22T01:21:08.502Z');
INSERT INTO "checkpoints" VALUES(2,1,4,'checkpoints/step-000004','8d6b93dbf84d718ee7734a951661e599874d889154b1a442c2aebfeecc7d6c5c','2026-11-22T01:21:08.553Z');
CREATE TABLE evaluations (
  evaluation_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  num_questions INTEGER NOT NULL,
  samples_per_question INTEGER NOT NULL,
  pass_at_1 ANY NOT NULL CHECK (typeof(pass_at_1) = 'real'),
  standard_error ANY CHECK (standard_error IS NULL OR typeof(standard_error) = 'real'),
  examples TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (run_id, step, name)
) STRICT;
INSERT INTO "evaluations" VALUES(1,1,0,'before',5,1,0.0,0.0,'[{"task":"arithmetic/3+0","question":"3 + 0=","gold":"3","answer":"�`��&�ǔ","outcome":"no_answer"},{"task":"arithmetic/3+1","question":"3 + 1=","gold":"4","answer":"�O���\u0019��","outcome":"no_answer"},{"task":"arithmetic/1+1","question":"1 + 1=","gold":"2","answer":"�\\��\u000bl�&","outcome":"no_answer"}]','2026-11-22T01:21:08.432Z');
INSERT INTO "evaluations" VALUES(2,1,4,'after',5,1,0.0,0.0,'[{"task":"arithmetic/3+0","question":"3 + 0=","gold":"3","answer":"�`��&�ǔ","outcome":"no_answer"},{"task":"arithmetic/3+1","question":"3 + 1=","gold":"4","answer":"�O���\u0019��","outcome":"no_answer"},{"task":"arithmetic/1+1","question":"1 + 1=","gold":"2","answer":"�\\��\u000bl�&","outcome":"no_answer"}]','2026-11-22T01:21:08.558Z');
CREATE TABLE events (
  event_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE TABLE groups (
  group_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  group_idx INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  messages TEXT NOT NULL,
  question TEXT GENERATED ALWAYS AS (json_extract(messages, '$[#-1].content')) VIRTUAL,
  answer TEXT NOT NULL,
  verifier TEXT NOT NULL,
  metadata TEXT NOT NULL,
  num_prompt_tokens INTEGER NOT NULL,
  prompt_tokens BLOB NOT NULL,
  UNIQUE (run_id, step, group_idx),
  FOREIGN KEY (run_id, step) REFERENCES steps
) STRICT;
INSERT INTO "groups" VALUES(1,1,0,0,'arithmetic/3+4','[{"role":"user","content":"3 + 4="}]','7','number','',6,X'01330020002B00200034003D00');
INSERT INTO "groups" VALUES(2,1,0,1,'arithmetic/2+2','[{"role":"user","content":"2 + 2="}]','4','number','',6,X'01320020002B00200032003D00');
INSERT INTO "groups" VALUES(3,1,1,0,'arithmetic/4+4','[{"role":"user","content":"4 + 4="}]','8','number','',6,X'01340020002B00200034003D00');
INSERT INTO "groups" VALUES(4,1,1,1,'arithmetic/4+3','[{"role":"user","content":"4 + 3="}]','7','number','',6,X'01340020002B00200033003D00');
INSERT INTO "groups" VALUES(5,1,2,0,'arithmetic/1+4','[{"role":"user","content":"1 + 4="}]','5','number','',6,X'01310020002B00200034003D00');
INSERT INTO "groups" VALUES(6,1,2,1,'arithmetic/0+4','[{"role":"user","content":"0 + 4="}]','4','number','',6,X'01300020002B00200034003D00');
INSERT INTO "groups" VALUES(7,1,3,0,'arithmetic/4+1','[{"role":"user","content":"4 + 1="}]','5','number','',6,X'01340020002B00200031003D00');
INSERT INTO "groups" VALUES(8,1,3,1,'arithmetic/4+0','[{"role":"user","content":"4 + 0="}]','4','number','',6,X'01340020002B00200030003D00');
CREATE TABLE metrics (
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  metric_idx INTEGER NOT NULL,
  value ANY CHECK (value IS NULL OR typeof(value) = 'real'),
  PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID;
INSERT INTO "metrics" VALUES(1,0,'clip_ratio/high_mean',17,0.0);
INSERT INTO "metrics" VALUES(1,1,'clip_ratio/high_mean',17,0.0);
INSERT INTO "metrics" VALUES(1,2,'clip_ratio/high_mean',17,0.0);
INSERT INTO "metrics" VALUES(1,3,'clip_ratio/high_mean',17,0.0);
INSERT INTO "metrics" VALUES(1,0,'clip_ratio/low_mean',16,0.0);
INSERT INTO "metrics" VALUES(1,1,'clip_ratio/low_mean',16,0.0);
INSERT INTO "metrics" VALUES(1,2,'clip_ratio/low_mean',16,0.0);
INSERT INTO "metrics" VALUES(1,3,'clip_ratio/low_mean',16,0.0);
INSERT INTO "metrics" VALUES(1,0,'clip_ratio/region_mean',18,0.0);
INSERT INTO "metrics" VALUES(1,1,'clip_ratio/region_mean',18,0.0);
INSERT INTO "metrics" VALUES(1,2,'clip_ratio/region_mean',18,0.0);
INSERT INTO "metrics" VALUES(1,3,'clip_ratio/region_mean',18,0.0);
INSERT INTO "metrics" VALUES(1,0,'completions/clipped_ratio',10,1.0);
INSERT INTO "metrics" VALUES(1,1,'completions/clipped_ratio',10,1.0);
INSERT INTO "metrics" VALUES(1,2,'completions/clipped_ratio',10,1.0);
INSERT INTO "metrics" VALUES(1,3,'completions/clipped_ratio',10,1.0);
INSERT INTO "metrics" VALUES(1,0,'completions/max_length',8,8.0);
INSERT INTO "metrics" VALUES(1,1,'completions/max_length',8,8.0);
INSERT INTO "metrics" VALUES(1,2,'completions/max_length',8,8.0);
INSERT INTO "metrics" VALUES(1,3,'completions/max_length',8,8.0);
INSERT INTO "metrics" VALUES(1,0,'completions/mean_length',6,8.0);
INSERT INTO "metrics" VALUES(1,1,'completions/mean_length',6,8.0);
INSERT INTO "metrics" VALUES(1,2,'completions/mean_length',6,8.0);
INSERT INTO "metrics" VALUES(1,3,'completions/mean_length',6,8.0);
INSERT INTO "metrics" VALUES(1,0,'completions/mean_terminated_length',9,0.0);
INSERT INTO "metrics" VALUES(1,1,'completions/mean_terminated_length',9,0.0);
INSERT INTO "metrics" VALUES(1,2,'completions/mean_terminated_length',9,0.0);
INSERT INTO "metrics" VALUES(1,3,'completions/mean_terminated_length',9,0.0);
INSERT INTO "metrics" VALUES(1,0,'completions/min_length',7,8.0);
INSERT INTO "metrics" VALUES(1,1,'completions/min_length',7,8.0);
INSERT INTO "metrics" VALUES(1,2,'completions/min_length',7,8.0);
INSERT INTO "metrics" VALUES(1,3,'completions/min_length',7,8.0);
INSERT INTO "metrics" VALUES(1,0,'entropy',15,0.0);
INSERT INTO "metrics" VALUES(1,1,'entropy',15,0.0);
INSERT INTO "metrics" VALUES(1,2,'entropy',15,0.0);
INSERT INTO "metrics" VALUES(1,3,'entropy',15,0.0);
INSERT INTO "metrics" VALUES(1,0,'frac_reward_zero_std',2,1.0);
INSERT INTO "metrics" VALUES(1,1,'frac_reward_zero_std',2,1.0);
INSERT INTO "metrics" VALUES(1,2,'frac_reward_zero_std',2,1.0);
INSERT INTO "metrics" VALUES(1,3,'frac_reward_zero_std',2,1.0);
INSERT INTO "metrics" VALUES(1,0,'grad_norm',14,0.0);
INSERT INTO "metrics" VALUES(1,1,'grad_norm',14,0.0);
INSERT INTO "metrics" VALUES(1,2,'grad_norm',14,0.0);
INSERT INTO "metrics" VALUES(1,3,'grad_norm',14,0.0);
INSERT INTO "metrics" VALUES(1,0,'learning_rate',12,0.001);
INSERT INTO "metrics" VALUES(1,1,'learning_rate',12,0.001);
INSERT INTO "metrics" VALUES(1,2,'learning_rate',12,0.001);
INSERT INTO "metrics" VALUES(1,3,'learning_rate',12,0.001);
INSERT INTO "metrics" VALUES(1,0,'num_tokens',11,64.0);
INSERT INTO "metrics" VALUES(1,1,'num_tokens',11,64.0);
INSERT INTO "metrics" VALUES(1,2,'num_tokens',11,64.0);
INSERT INTO "metrics" VALUES(1,3,'num_tokens',11,64.0);
INSERT INTO "metrics" VALUES(1,0,'policy_loss',13,0.0);
INSERT INTO "metrics" VALUES(1,1,'policy_loss',13,0.0);
INSERT INTO "metrics" VALUES(1,2,'policy_loss',13,0.0);
INSERT INTO "metrics" VALUES(1,3,'policy_loss',13,0.0);
INSERT INTO "metrics" VALUES(1,0,'reward',0,0.0);
INSERT INTO "metrics" VALUES(1,1,'reward',0,0.0);
INSERT INTO "metrics" VALUES(1,2,'reward',0,0.0);
INSERT INTO "metrics" VALUES(1,3,'reward',0,0.0);
INSERT INTO "metrics" VALUES(1,0,'reward_std',1,0.0);
INSERT INTO "metrics" VALUES(1,1,'reward_std',1,0.0);
INSERT INTO "metrics" VALUES(1,2,'reward_std',1,0.0);
INSERT INTO "metrics" VALUES(1,3,'reward_std',1,0.0);
INSERT INTO "metrics" VALUES(1,0,'rewards/correctness/mean',3,0.0);
INSERT INTO "metrics" VALUES(1,1,'rewards/correctness/mean',3,0.0);
INSERT INTO "metrics" VALUES(1,2,'rewards/correctness/mean',3,0.0);
INSERT INTO "metrics" VALUES(1,3,'rewards/correctness/mean',3,0.0);
INSERT INTO "metrics" VALUES(1,0,'rewards/correctness/std',4,0.0);
INSERT INTO "metrics" VALUES(1,1,'rewards/correctness/std',4,0.0);
INSERT INTO "metrics" VALUES(1,2,'rewards/correctness/std',4,0.0);
INSERT INTO "metrics" VALUES(1,3,'rewards/correctness/std',4,0.0);
INSERT INTO "metrics" VALUES(1,0,'sampling/sampling_logp_difference/max',20,0.0);
INSERT INTO "metrics" VALUES(1,1,'sampling/sampling_logp_difference/max',20,0.0);
INSERT INTO "metrics" VALUES(1,2,'sampling/sampling_logp_difference/max',20,0.0);
INSERT INTO "metrics" VALUES(1,3,'sampling/sampling_logp_difference/max',20,0.0);
INSERT INTO "metrics" VALUES(1,0,'sampling/sampling_logp_difference/mean',19,0.0);
INSERT INTO "metrics" VALUES(1,1,'sampling/sampling_logp_difference/mean',19,0.0);
INSERT INTO "metrics" VALUES(1,2,'sampling/sampling_logp_difference/mean',19,0.0);
INSERT INTO "metrics" VALUES(1,3,'sampling/sampling_logp_difference/mean',19,0.0);
INSERT INTO "metrics" VALUES(1,0,'step_time',27,0.003997451);
INSERT INTO "metrics" VALUES(1,1,'step_time',27,0.003960496);
INSERT INTO "metrics" VALUES(1,2,'step_time',27,0.00150743);
INSERT INTO "metrics" VALUES(1,3,'step_time',27,0.001351449);
INSERT INTO "metrics" VALUES(1,0,'time/learn_seconds',24,7.3399e-05);
INSERT INTO "metrics" VALUES(1,1,'time/learn_seconds',24,5.1367e-05);
INSERT INTO "metrics" VALUES(1,2,'time/learn_seconds',24,5.9358e-05);
INSERT INTO "metrics" VALUES(1,3,'time/learn_seconds',24,3.4101e-05);
INSERT INTO "metrics" VALUES(1,0,'time/rollout_seconds',23,0.003924052);
INSERT INTO "metrics" VALUES(1,1,'time/rollout_seconds',23,0.003909129);
INSERT INTO "metrics" VALUES(1,2,'time/rollout_seconds',23,0.001448072);
INSERT INTO "metrics" VALUES(1,3,'time/rollout_seconds',23,0.001317348);
INSERT INTO "metrics" VALUES(1,0,'time/sampled_tokens_per_second',25,1.63096717372756538685e+04);
INSERT INTO "metrics" VALUES(1,1,'time/sampled_tokens_per_second',25,1.63719334920899254942e+04);
INSERT INTO "metrics" VALUES(1,2,'time/sampled_tokens_per_second',25,4.41966974017866523352e+04);
INSERT INTO "metrics" VALUES(1,3,'time/sampled_tokens_per_second',25,4.85824550536380629639e+04);
INSERT INTO "metrics" VALUES(1,0,'time/trained_tokens_per_second',26,0.0);
INSERT INTO "metrics" VALUES(1,1,'time/trained_tokens_per_second',26,0.0);
INSERT INTO "metrics" VALUES(1,2,'time/trained_tokens_per_second',26,0.0);
INSERT INTO "metrics" VALUES(1,3,'time/trained_tokens_per_second',26,0.0);
INSERT INTO "metrics" VALUES(1,0,'train/scored_tokens',21,0.0);
INSERT INTO "metrics" VALUES(1,1,'train/scored_tokens',21,0.0);
INSERT INTO "metrics" VALUES(1,2,'train/scored_tokens',21,0.0);
INSERT INTO "metrics" VALUES(1,3,'train/scored_tokens',21,0.0);
INSERT INTO "metrics" VALUES(1,0,'train/skipped_updates',22,0.0);
INSERT INTO "metrics" VALUES(1,1,'train/skipped_updates',22,0.0);
INSERT INTO "metrics" VALUES(1,2,'train/skipped_updates',22,0.0);
INSERT INTO "metrics" VALUES(1,3,'train/skipped_updates',22,0.0);
INSERT INTO "metrics" VALUES(1,0,'verdicts/unscored',5,0.0);
INSERT INTO "metrics" VALUES(1,1,'verdicts/unscored',5,0.0);
INSERT INTO "metrics" VALUES(1,2,'verdicts/unscored',5,0.0);
INSERT INTO "metrics" VALUES(1,3,'verdicts/unscored',5,0.0);
CREATE TABLE reward_terms (
  rollout_id INTEGER NOT NULL REFERENCES rollouts,
  term_idx INTEGER NOT NULL,
  name TEXT NOT NULL,
  value ANY NOT NULL CHECK (typeof(value) = 'real'),
  weight ANY NOT NULL CHECK (typeof(weight) = 'real'),
  PRIMARY KEY (rollout_id, term_idx)
) STRICT, WITHOUT ROWID;
INSERT INTO "reward_terms" VALUES(1,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(2,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(3,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(4,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(5,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(6,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(7,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(8,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(9,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(10,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(11,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(12,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(13,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(14,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(15,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(16,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(17,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(18,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(19,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(20,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(21,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(22,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(23,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(24,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(25,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(26,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(27,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(28,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(29,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(30,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(31,0,'correctness',0.0,1.0);
INSERT INTO "reward_terms" VALUES(32,0,'correctness',0.0,1.0);
CREATE TABLE rollouts (
  rollout_id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL REFERENCES groups,
  sample_idx INTEGER NOT NULL,
  text TEXT NOT NULL,
  finish_reason TEXT NOT NULL CHECK (finish_reason IN ('stop', 'length', 'aborted')),
  policy_version INTEGER NOT NULL,
  reward ANY NOT NULL CHECK (typeof(reward) = 'real'),
  advantage ANY NOT NULL CHECK (typeof(advantage) = 'real'),
  num_tokens INTEGER NOT NULL,
  tokens BLOB NOT NULL,
  logprobs BLOB NOT NULL,
  raw_logprobs BLOB,
  UNIQUE (group_id, sample_idx)
) STRICT;
INSERT INTO "rollouts" VALUES(1,1,0,'��I@Q','length',0,0.0,0.0,8,X'019E00C1004900400011001B0013005100',X'034047B2C02C43B4C04678B3C03FADB5C04CCFADC03B16B8C0099BAAC06A55B9C0',NULL);
INSERT INTO "rollouts" VALUES(2,1,1,'�X���_��','length',0,0.0,0.0,8,X'01B4005800C800E400C7005F00F300C200',X'03C646AFC00914B6C00027A7C0760CB5C03DAFB2C09191B5C06571AFC0437EAEC0',NULL);
INSERT INTO "rollouts" VALUES(3,1,2,'��N0�1��','length',0,0.0,0.0,8,X'01D100F8004E003000E0003100DB00CE00',X'03540EB1C0C0DDAFC0C4FEB1C01CACB9C0B579B7C085E4AFC08A72ACC04CADB3C0',NULL);
INSERT INTO "rollouts" VALUES(4,1,3,'1ޱ��]�','length',0,0.0,0.0,8,X'013100DE00B10088001600C0005D009A00',X'0347A6B1C080DEAFC0222EAFC04B91B4C013EBAFC0041FADC0CEA9ADC0BAB1AAC0',NULL);
INSERT INTO "rollouts" VALUES(5,2,0,'�+��\V;','length',0,0.0,0.0,8,X'01E40098002B00C400F1005C0056003B00',X'0384B4B0C027D7A9C0A89AAEC0DE22AEC0B153B2C0E55FB5C089F2AFC02ABDB1C0',NULL);
INSERT INTO "rollouts" VALUES(6,2,1,'�f�1,��','length',0,0.0,0.0,8,X'01CE0066009D0031000C002C00CB00DF00',X'03FE8AA8C011D6B5C03FDBABC08FA5AEC00020AEC0CA3EAAC03D0FABC0C15AB3C0',NULL);
INSERT INTO "rollouts" VALUES(7,2,2,'�
l����s','length',0,0.0,0.0,8,X'01B0000A006C00850088009400D2007300',X'03BD42B1C00ADCB1C0B822B4C06C4BB8C0FF2DADC0D47FB3C0CD5FB6C0A180AFC0',NULL);
INSERT INTO "rollouts" VALUES(8,2,3,'�̏�e�','length',0,0.0,0.0,8,X'010B00AB00CC008F00F1006500E5000200',X'03C3FBABC05232B7C0DBC4ACC06174B1C08439B2C03E53AFC0FB12B3C0169AAAC0',NULL);
INSERT INTO "rollouts" VALUES(9,3,0,'���mT�)�','length',0,0.0,0.0,8,X'018F009700AF006D00540093002900C900',X'03856CAAC019C4B1C0980EB6C0BCCCBBC00B1EB5C0F9C5B4C067B2B3C0EF37B0C0',NULL);
INSERT INTO "rollouts" VALUES(10,3,1,'�W#��� ','length',0,0.0,0.0,8,X'01E6005700230008009700E600D7002000',X'033607B6C08C08B4C06300B4C077D9B3C025A6B6C0EDA2B2C0FEE7AFC02A78B2C0',NULL);
INSERT INTO "rollouts" VALUES(11,3,2,'`d�沖Z&','length',0,0.0,0.0,8,X'0160006400A400E600B20096005A002600',X'0338F0B0C0953DB3C03E89ABC07093AFC05A46B6C03874ACC0E7E4A9C0C45EAEC0',NULL);
INSERT INTO "rollouts" VALUES(12,3,3,'�B]�N�','length',0,0.0,0.0,8,X'01960042005D00A90018004E0013008100',X'03E735B3C08F4CACC0D54DA7C0582BAFC0C370B1C07619ACC0A598ABC09530B2C0',NULL);
INSERT INTO "rollouts" VALUES(13,4,0,'Z��c~��','length',0,0.0,0.0,8,X'015A008C000101C50063007E00E900EC00',X'0367BEADC02639B3C02EABAEC0682DAEC047D1A7C0E544ABC0969CB1C02072B6C0',NULL);
INSERT INTO "rollouts" VALUES(14,4,1,'��SU���','length',0,0.0,0.0,8,X'01A7009D0053005500DC001B00C800FA00',X'033C2CB4C0D374B3C0BC0AADC0C6E1B4C09488ABC09D6FB5C00E5BAAC098CCB5C0',NULL);
INSERT INTO "rollouts" VALUES(15,4,2,'N�4���','length',0,0.0,0.0,8,X'014E00E500140005003400FE00BD00AA00',X'031998B1C0C6D2B5C0431AAAC0105EACC02CA6B8C03CAAAFC02BEDB6C04698B1C0',NULL);
INSERT INTO "rollouts" VALUES(16,4,3,'iu���mH','length',0,0.0,0.0,8,X'011F00690075009800FA00B1006D004800',X'03076AAEC09883B3C0DC65AFC05B3FAAC0041FBEC08280B3C08401B6C0B09FAEC0',NULL);
INSERT INTO "rollouts" VALUES(17,5,0,'`�_�f��','length',0,0.0,0.0,8,X'016000E0005F00B7006600E000EC000800',X'036210ABC0204FB0C0ECA0B2C04788B9C09F31B6C0F42CB6C0FD94ADC03F70AEC0',NULL);
INSERT INTO "rollouts" VALUES(18,5,1,' S�4r','length',0,0.0,0.0,8,X'01170020005300F3000101340018007200',X'033E57B4C0D37DBDC0022CABC08433B0C0BDF6B1C005E8B2C07846A8C00BF6B1C0',NULL);
INSERT INTO "rollouts" VALUES(19,5,2,'�c��$�]a','length',0,0.0,0.0,8,X'01A10063009F0085002400E8005D006100',X'039A83A9C0F9C5AFC0CC7CACC03CB5ADC05A43AFC06A1DB0C0102CA9C06A4AAEC0',NULL);
INSERT INTO "rollouts" VALUES(20,5,3,'Ե�׸��','length',0,0.0,0.0,8,X'01D400B500E4008400D700B800AA00A400',X'03E1E0AFC02139B0C061E9B5C0FD62B2C0D071B1C0A00FB3C006E3B3C0F237AEC0',NULL);
INSERT INTO "rollouts" VALUES(21,6,0,'ӂn��d#�','length',0,0.0,0.0,8,X'01D30082006E009C009E0064002300D600',X'03E965BAC0140BADC0DADDAFC0CD3AADC0543BB4C0FEB2B6C03987B9C05EABB4C0',NULL);
INSERT INTO "rollouts" VALUES(22,6,1,'=I[�͂g','length',0,0.0,0.0,8,X'013D0049005B000400D800CD0082006700',X'03F7F897C080A1ADC0ACBCB3C06AD4B1C0D89FAEC0B82CB4C05B43B5C0B396B0C0',NULL);
INSERT INTO "rollouts" VALUES(23,6,2,'���C��','length',0,0.0,0.0,8,X'01D500C500C00043008B000200F1001F00',X'03090BB0C0DB52B0C05230B2C01347B3C05444B5C0CF03B4C0FDDDAAC01252A9C0',NULL);
INSERT INTO "rollouts" VALUES(24,6,3,'=���&�ؽ','length',0,0.0,0.0,8,X'013D009400FB00F8002600BB00D800BD00',X'03F7F897C0CC89B2C0C8A1B5C094BFB2C073D9AAC0C98CABC01C5DBEC01765AFC0',NULL);
INSERT INTO "rollouts" VALUES(25,7,0,'�0��_�','length',0,0.0,0.0,8,X'01DE003000910097005F000C00ED001C00',X'03C4EAAFC0337AB1C0C7FAACC0741AB7C0E591B5C0F95DAAC091E0B5C0548EA6C0',NULL);
INSERT INTO "rollouts" VALUES(26,7,1,'��e�|�','length',0,0.0,0.0,8,X'01C000D4006500EE00AF007C00EA00AA00',X'03E0EBB7C0E8C9B3C0BE26B3C0F3C7A5C0324EBBC0FA34B1C0336FB2C0CEF0B2C0',NULL);
INSERT INTO "rollouts" VALUES(27,7,2,'\��0Ow/','length',0,0.0,0.0,8,X'015C008300BB00300001014F0077002F00',X'03210EB7C06248AAC0463EB6C0C533B4C047CDB5C0650BAEC01BDBAFC009E9AFC0',NULL);
INSERT INTO "rollouts" VALUES(28,7,3,'Pz߯�>�','length',0,0.0,0.0,8,X'0150007A00DF00AF00B00010003E00ED00',X'0390A6A6C0E023AEC056D2B0C0E0FCB8C066DFB5C00C48B4C0DDC6ABC0427AACC0',NULL);
INSERT INTO "rollouts" VALUES(29,8,0,'��L��>','length',0,0.0,0.0,8,X'018E00B0004C00F6001D00EF003E000300',X'030453BAC0E0E1B5C067B2B2C0A4EEA8C018D5A9C0EB36ACC0A335AEC0D2A8B8C0',NULL);
INSERT INTO "rollouts" VALUES(30,8,1,'�d�Z]r�','length',0,0.0,0.0,8,X'019F006400F8005A0001015D007200EB00',X'03B392AEC0C04FB3C0DB35B7C0D5DDB0C0BCFCB4C0A638ADC0071DB0C06B31B5C0',NULL);
INSERT INTO "rollouts" VALUES(31,8,2,'1��w�(��','length',0,0.0,0.0,8,X'0131008900D1007700B9002800E400F100',X'034226B4C08BA6B2C02043B3C06B28ADC04512B6C06B44AFC06479AFC04C6AA9C0',NULL);
INSERT INTO "rollouts" VALUES(32,8,3,'	Y��;EE�','length',0,0.0,0.0,8,X'0109005900A500F6003B0045004500CA00',X'039498B5C06BF3AFC08E4DBAC01894B2C0E882B5C01A2EADC0BE0894C07227BCC0',NULL);
CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY,
  recipe TEXT NOT NULL,
  program_version TEXT NOT NULL,
  build TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  host TEXT NOT NULL,
  started_at TEXT NOT NULL
) STRICT;
INSERT INTO "runs" VALUES(1,'{"model":{"path":"tiny","chat_template":"plain","compute":"fp32","linear":"auto","threads":0},"data":{"source":"arithmetic","arithmetic":{"operators":["+"],"min_operand":0,"max_operand":4,"terms":2,"template":"{expression}=","system":"","held_out_fraction":0.2},"jsonl":{"path":"","eval_path":"","prompt_column":"question","answer_column":"answer","answer_after":"####","template":"{prompt}","system":"","verifier":"number","verifier_options":"","held_out_fraction":0.1,"limit":0}},"rollout":{"prompts_per_step":2,"group_size":4,"max_new_tokens":8,"temperature":1.0,"top_k":0,"top_p":1.0,"min_p":0.0},"reward":{"terms":[{"name":"correctness","weight":1.0,"pattern":""}]},"grpo":{"advantage_scale":"sample","advantage_eps":1e-06,"clip_low":0.2,"clip_high":0.28,"aggregation":"token_mean","updates_per_step":1,"microbatch_tokens":1024,"max_skipped_updates":5},"optimizer":{"learning_rate":0.001,"beta1":0.9,"beta2":0.999,"eps":1e-08,"weight_decay":0.0,"max_grad_norm":1.0,"warmup_updates":0,"schedule":"constant"},"engine":{"kv_cache_mib":512},"eval":{"questions":0,"samples":1,"temperature":1.0,"top_p":1.0,"max_new_tokens":0,"every":0,"examples":3},"run":{"steps":4,"seed":1,"checkpoint_every":2,"keep_checkpoints":2}}','0.1.0','GNU 12.2.0, Release; kernels avx512bf16','tiny','host','2026-11-22T01:21:08Z');
CREATE TABLE steps (
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;
INSERT INTO "steps" VALUES(1,0,'2026-11-22T01:21:08.438Z');
INSERT INTO "steps" VALUES(1,1,'2026-11-22T01:21:08.446Z');
INSERT INTO "steps" VALUES(1,2,'2026-11-22T01:21:08.506Z');
INSERT INTO "steps" VALUES(1,3,'2026-11-22T01:21:08.509Z');
CREATE TABLE verdicts (
  rollout_id INTEGER PRIMARY KEY REFERENCES rollouts,
  outcome TEXT NOT NULL CHECK (outcome IN ('correct', 'incorrect', 'no_answer', 'undecided', 'error')),
  extracted TEXT NOT NULL,
  span_begin INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  cost INTEGER NOT NULL,
  verifier TEXT NOT NULL,
  verifier_version INTEGER NOT NULL
) STRICT;
INSERT INTO "verdicts" VALUES(1,'no_answer','',0,0,'','no number in the text',12,'number',1);
INSERT INTO "verdicts" VALUES(2,'no_answer','',0,0,'','no number in the text',20,'number',1);
INSERT INTO "verdicts" VALUES(3,'incorrect','1',11,12,'last_number','gold 7, answer 1',23,'number',1);
INSERT INTO "verdicts" VALUES(4,'incorrect','1',0,1,'last_number','gold 7, answer 1',19,'number',1);
INSERT INTO "verdicts" VALUES(5,'no_answer','',0,0,'','no number in the text',13,'number',1);
INSERT INTO "verdicts" VALUES(6,'incorrect','1',7,8,'last_number','gold 4, answer 1',21,'number',1);
INSERT INTO "verdicts" VALUES(7,'no_answer','',0,0,'','no number in the text',18,'number',1);
INSERT INTO "verdicts" VALUES(8,'no_answer','',0,0,'','no number in the text',14,'number',1);
INSERT INTO "verdicts" VALUES(9,'no_answer','',0,0,'','no number in the text',18,'number',1);
INSERT INTO "verdicts" VALUES(10,'no_answer','',0,0,'','no number in the text',16,'number',1);
INSERT INTO "verdicts" VALUES(11,'no_answer','',0,0,'','no number in the text',10,'number',1);
INSERT INTO "verdicts" VALUES(12,'no_answer','',0,0,'','no number in the text',14,'number',1);
INSERT INTO "verdicts" VALUES(13,'no_answer','',0,0,'','no number in the text',15,'number',1);
INSERT INTO "verdicts" VALUES(14,'no_answer','',0,0,'','no number in the text',18,'number',1);
INSERT INTO "verdicts" VALUES(15,'incorrect','4',6,7,'last_number','gold 7, answer 4',21,'number',1);
INSERT INTO "verdicts" VALUES(16,'no_answer','',0,0,'','no number in the text',14,'number',1);
INSERT INTO "verdicts" VALUES(17,'no_answer','',0,0,'','no number in the text',16,'number',1);
INSERT INTO "verdicts" VALUES(18,'incorrect','4',6,7,'last_number','gold 5, answer 4',14,'number',1);
INSERT INTO "verdicts" VALUES(19,'no_answer','',0,0,'','no number in the text',16,'number',1);
INSERT INTO "verdicts" VALUES(20,'no_answer','',0,0,'','no number in the text',13,'number',1);
INSERT INTO "verdicts" VALUES(21,'no_answer','',0,0,'','no number in the text',14,'number',1);
INSERT INTO "verdicts" VALUES(22,'no_answer','',0,0,'','no number in the text',10,'number',1);
INSERT INTO "verdicts" VALUES(23,'no_answer','',0,0,'','no number in the text',18,'number',1);
INSERT INTO "verdicts" VALUES(24,'no_answer','',0,0,'','no number in the text',16,'number',1);
INSERT INTO "verdicts" VALUES(25,'incorrect','0',3,4,'last_number','gold 5, answer 0',21,'number',1);
INSERT INTO "verdicts" VALUES(26,'no_answer','',0,0,'','no number in the text',14,'number',1);
INSERT INTO "verdicts" VALUES(27,'incorrect','0Ow',7,10,'last_number','"0Ow" is not a number',14,'number',1);
INSERT INTO "verdicts" VALUES(28,'no_answer','',0,0,'','no number in the text',12,'number',1);
INSERT INTO "verdicts" VALUES(29,'no_answer','',0,0,'','no number in the text',16,'number',1);
INSERT INTO "verdicts" VALUES(30,'no_answer','',0,0,'','no number in the text',13,'number',1);
INSERT INTO "verdicts" VALUES(31,'incorrect','1',0,1,'last_number','gold 4, answer 1',23,'number',1);
INSERT INTO "verdicts" VALUES(32,'no_answer','',0,0,'','no number in the text',14,'number',1);
CREATE INDEX groups_by_task ON groups (task_id);
CREATE INDEX verdicts_by_outcome ON verdicts (outcome);
CREATE INDEX metrics_by_step ON metrics (run_id, step);
CREATE VIEW samples AS
SELECT run_id, step, group_idx, sample_idx, task_id, question, answer, text, outcome, extracted, reason, reward, advantage,
       outcome NOT IN ('undecided', 'error') AS is_scored, num_tokens, finish_reason, policy_version, group_id, rollout_id
FROM groups JOIN rollouts USING (group_id) JOIN verdicts USING (rollout_id);
CREATE VIEW best_samples AS
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY run_id, step, group_idx ORDER BY reward DESC, sample_idx) AS place
  FROM samples WHERE is_scored)
WHERE place = 1;
CREATE VIEW worst_samples AS
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY run_id, step, group_idx ORDER BY reward, sample_idx) AS place
  FROM samples WHERE is_scored)
WHERE place = 1;
CREATE VIEW reward_by_task AS
SELECT run_id, task_id, question, answer, count(DISTINCT step) AS num_steps, count(*) AS num_rollouts, avg(reward) AS reward,
       avg(outcome = 'correct') AS pass_rate, avg(num_tokens) AS mean_length, min(step) AS first_step, max(step) AS last_step
FROM samples WHERE is_scored
GROUP BY run_id, task_id;
CREATE VIEW step_summary AS
WITH by_group AS (
  SELECT run_id, step, group_idx, count(*) AS num_rollouts, sum(is_scored) AS num_scored,
         sum(reward) FILTER (WHERE is_scored) AS reward, sum(outcome = 'correct') AS num_correct,
         ifnull(max(reward) FILTER (WHERE is_scored) > min(reward) FILTER (WHERE is_scored), 0) AS has_signal,
         sum(num_tokens) AS num_tokens, sum(finish_reason = 'length') AS num_truncated
  FROM samples GROUP BY run_id, step, group_idx)
SELECT run_id, step, stored_at, count(*) AS num_groups, sum(num_rollouts) AS num_rollouts,
       sum(num_rollouts) - sum(num_scored) AS num_unscored,
       sum(reward) / sum(num_scored) AS reward,
       1.0 * sum(num_correct) / sum(num_scored) AS pass_rate,
       1.0 - avg(has_signal) AS no_signal_fraction,
       1.0 * sum(num_tokens) / sum(num_rollouts) AS mean_length,
       1.0 * sum(num_truncated) / sum(num_rollouts) AS truncated_fraction,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'policy_loss') AS policy_loss,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'entropy') AS entropy,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'kl') AS kl,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'step_time') AS step_time
FROM steps s JOIN by_group USING (run_id, step)
GROUP BY run_id, step;
COMMIT;
