-- Columns that the server computes, and defaults that are expressions. Not for MySQL 5.6.
CREATE TABLE computed (
  id INT NOT NULL PRIMARY KEY, w INT,
  v INT GENERATED ALWAYS AS (w * 2) VIRTUAL, s INT GENERATED ALWAYS AS (w + 1) STORED,
  tv VARCHAR(20) GENERATED ALWAYS AS (CONCAT('w', w)) VIRTUAL,
  inv INT INVISIBLE DEFAULT 7, ex INT DEFAULT (1 + 2), ct TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)
);
INSERT INTO computed (id, w) VALUES (1, 10), (2, NULL);
-- stream
INSERT INTO computed (id, w, inv) VALUES (3, 30, 8);
UPDATE computed SET w = w + 1;
DELETE FROM computed WHERE id = 1;
