-- BIT in widths around the byte boundaries; BIT(1) is a boolean.
CREATE TABLE bits (id INT NOT NULL PRIMARY KEY, b1 BIT, b2 BIT(2), b7 BIT(7), b8 BIT(8), b9 BIT(9), b20 BIT(20), b63 BIT(63), b64 BIT(64), nn BIT(1) NOT NULL DEFAULT b'1');
INSERT INTO bits VALUES (1, b'0', b'0', b'0', b'0', b'0', b'0', b'0', b'0', b'0');
INSERT INTO bits VALUES (2, b'1', b'11', b'1111111', b'11111111', b'111111111', b'11110000111100001111', ~0 >> 1, ~0, b'1');
INSERT INTO bits (id) VALUES (3);
-- stream
INSERT INTO bits SELECT id + 10, b1, b2, b7, b8, b9, b20, b63, b64, nn FROM bits;
UPDATE bits SET b9 = b'100000000', b20 = b'1', b64 = b'1000000000000000000000000000000000000000000000000000000000000000' WHERE id = 1;
UPDATE bits SET b1 = NULL, b64 = NULL WHERE id = 2;
DELETE FROM bits WHERE id = 13;
