USE c_vectors;
INSERT INTO v SELECT id + 10, v, w FROM v;
UPDATE hidden SET a = 5 WHERE a = 1;
